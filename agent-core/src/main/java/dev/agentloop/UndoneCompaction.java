package dev.agentloop;

import dev.agentloop.internal.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The prompt as it would be without a compaction. Reads the log again; belongs to the thread that has it. */
final class UndoneCompaction {
    private final Log log;
    private final Compactor.Completed compaction;
    private final List<Item> window;
    private final List<Item> now;
    private @Nullable Fold before;

    UndoneCompaction(Log log, Compactor.Completed compaction) {
        this.log = log;
        this.compaction = compaction;
        this.window = foldAt(compaction.version()).prompt().items();
        this.now = log.fold().prompt().items();
    }

    /** Which items are the user's messages and which the context, where a compaction may have left them out. */
    interface Roles {
        void write(Json.Writer out, List<Item> items) throws IOException;
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

    /** What its items are. */
    Roles roles() {
        Compactions older = before().compactions();
        return (out, items) -> log.fold().compactions().writeRoles(out, items, older);
    }

    /** Whether the prompt still begins with the window, so that the compaction can be taken back. */
    boolean stands() {
        return window.size() <= now.size() && window.equals(now.subList(0, window.size()));
    }

    /** What stood in place of the window, and what came since. */
    List<Item> items() {
        List<Item> items = new ArrayList<>(before().prompt().items());
        items.addAll(now.subList(Math.min(window.size(), now.size()), now.size()));
        return items;
    }

    /** The same without the compaction items that it brought; null if it brought none. */
    @Nullable
    List<Item> withoutItsCiphertext() {
        List<Item> brought = new ArrayList<>(window);
        brought.removeIf(item -> !(item instanceof Item.Compaction));
        if (!compaction.by().equals(Compaction.SERVER)) {
            brought.removeAll(before().prompt().items());
        }
        List<Item> items = items();
        items.removeAll(brought);
        return brought.isEmpty() ? null : items;
    }
}
