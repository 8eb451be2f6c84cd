package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.NamedItem;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The prompt as it would be without a compaction. Reads the log again; belongs to the thread that has it. */
public final class UndoneCompaction {
    private final Log log;
    private final Compactor.Completed compaction;
    private final List<NamedItem> window;
    private final List<NamedItem> now;
    private @Nullable Fold before;

    public UndoneCompaction(Log log, Compactor.Completed compaction) {
        this.log = log;
        this.compaction = compaction;
        this.window = foldAt(compaction.version()).named();
        this.now = log.fold().named();
    }

    private Fold foldAt(long version) {
        return Log.foldOf(log.store(), log.id(), version);
    }

    /** What the compaction began from; the log is read for it when it is first asked for. */
    private Fold before() {
        Fold known = before;
        if (known == null) {
            known = foldAt(compaction.version() - 1);
            before = known;
        }
        return known;
    }

    /** The entry that takes it back, with these items in its place. */
    public Entry entry(String reason, List<NamedItem> items) {
        Fold older = before();
        return Entry.undone(reason, log.fold().prompt().head(), items, out -> {
            log.fold().compactions().writeRoles(out, items, older.compactions());
            older.calls().writeFullOutputs(out);
        });
    }

    /** Whether the prompt still begins with the window, so that the compaction can be taken back. */
    public boolean stands() {
        return window.size() <= now.size() && window.equals(now.subList(0, window.size()));
    }

    /** What stood in place of the window, and what came since. */
    public List<NamedItem> items() {
        List<NamedItem> items = new ArrayList<>(before().named());
        items.addAll(now.subList(Math.min(window.size(), now.size()), now.size()));
        return items;
    }

    /** The same without the compaction items that it brought; null if it brought none. */
    @Nullable
    List<NamedItem> withoutItsCiphertext() {
        List<Item> brought = new ArrayList<>();
        window.stream()
                .map(NamedItem::item)
                .filter(Item.Compaction.class::isInstance)
                .forEach(brought::add);
        if (!compaction.by().equals(Entry.SERVER)) {
            brought.removeAll(before().prompt().items());
        }
        List<NamedItem> items = items();
        items.removeIf(item -> brought.contains(item.item()));
        return brought.isEmpty() ? null : items;
    }
}
