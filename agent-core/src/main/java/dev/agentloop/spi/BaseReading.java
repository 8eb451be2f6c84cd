package dev.agentloop.spi;

import java.util.ArrayList;
import java.util.List;

/** Reads a log from the newest entry that restates the whole prompt, in pages. */
final class BaseReading {
    private static final int PAGE = 1_000;

    private BaseReading() {}

    static List<LogEntry> load(ConversationStore store, String conversation) {
        long last = store.head(conversation).map(LogPosition::version).orElse(0L);
        if (last == 0) {
            return List.of();
        }
        // A log that was deleted in between has nothing to read any more.
        long base = store.read(conversation, last - 1, 1).stream()
                .mapToLong(LogEntry::base)
                .findFirst()
                .orElse(0);
        List<LogEntry> entries = new ArrayList<>();
        long after = Math.max(0, base - 2);
        List<LogEntry> page;
        do {
            page = store.read(conversation, after, PAGE);
            entries.addAll(page);
            after += page.size();
        } while (page.size() == PAGE);
        return entries;
    }
}
