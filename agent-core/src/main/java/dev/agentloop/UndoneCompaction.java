package dev.agentloop;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The prompt as it would be without its newest compaction. Reads the log anew; belongs to the thread that has it. */
final class UndoneCompaction {
    private final List<Item> before;
    private final List<Item> after;
    private final List<Item> since;
    private final boolean servers;

    UndoneCompaction(RunScope run, Conversation.Compaction compaction) {
        before = items(run, compaction.version() - 1);
        after = items(run, compaction.version());
        List<Item> now = run.fold().prompt().items();
        since = List.copyOf(now.subList(Math.min(after.size(), now.size()), now.size()));
        servers = compaction.by().equals(Compaction.SERVER);
    }

    private static List<Item> items(RunScope run, long version) {
        return List.copyOf(
                ConversationLog.foldOf(run.config().store(), run.log().id(), version)
                        .prompt()
                        .items());
    }

    /** What stood in place of the window, and what came since. */
    List<Item> items() {
        List<Item> items = new ArrayList<>(before);
        items.addAll(since);
        return items;
    }

    /** The same without the compaction items that it brought; null if it brought none. */
    @Nullable
    List<Item> withoutItsCiphertext() {
        List<Item> brought = new ArrayList<>(after);
        brought.removeIf(item -> !(item instanceof Item.Compaction));
        if (!servers) {
            brought.removeAll(before);
        }
        List<Item> items = items();
        items.removeAll(brought);
        return brought.isEmpty() ? null : items;
    }
}
