package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.internal.tool.CallBirth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The prompt as it would be without a compaction. Reads the log again; belongs to the thread that has it. */
public final class UndoneCompaction {
    private final Log log;
    private final Compactor.Completed compaction;
    private final List<NamedItem> window;
    private final List<NamedItem> now;
    // The ids of calls that came since, which older ones have again, and what those that came since go by.
    private final Map<String, String> renamed = new HashMap<>();
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
            log.fold().calls().writeFullOutputs(out, older.calls(), renamed);
        });
    }

    /** Whether the prompt still begins with the window, so that the compaction can be taken back. */
    public boolean stands() {
        return window.size() <= now.size() && window.equals(now.subList(0, window.size()));
    }

    /** What stood in place of the window, and what came since. */
    public List<NamedItem> items() {
        List<NamedItem> items = new ArrayList<>(before().named());
        items.addAll(since(items));
        return items;
    }

    // While the compaction held, the ids of the calls that it had left out were free, and a server may have used them
    // again.
    private List<NamedItem> since(List<NamedItem> older) {
        List<NamedItem> since = now.subList(Math.min(window.size(), now.size()), now.size());
        Set<String> again = callIds(since);
        again.retainAll(callIds(older));
        Set<String> taken = callIds(older);
        taken.addAll(callIds(since));
        again.forEach(id -> renamed.put(id, free(id, taken)));
        return since.stream()
                .map(item -> {
                    String id = renamed.get(callId(item.item()));
                    return id == null
                            ? item
                            : new NamedItem(CallBirth.with(item.item(), "call_id", id), item.version());
                })
                .toList();
    }

    private static Set<String> callIds(List<NamedItem> items) {
        Set<String> ids = new TreeSet<>();
        for (NamedItem item : items) {
            String id = callId(item.item());
            if (!id.isEmpty()) {
                ids.add(id);
            }
        }
        return ids;
    }

    private static String callId(Item item) {
        String ofCall = item instanceof Item.Call call ? call.callId() : "";
        return item instanceof Item.Output output ? output.callId() : ofCall;
    }

    private static String free(String id, Set<String> taken) {
        for (int number = 2; ; number++) {
            String end = "~" + number;
            String made = id.substring(0, Math.min(id.length(), CallBirth.LONGEST_ID - end.length())) + end;
            if (taken.add(made)) {
                return made;
            }
        }
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
