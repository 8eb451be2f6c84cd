package dev.agentloop.spi;

import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Reads a log page by page; holds one page. */
final class LogPages implements Iterator<LogEntry> {
    private static final int PAGE = 500;

    private final ConversationStore store;
    private final String conversation;
    private long after;
    private List<LogEntry> page = List.of();
    private int next;
    private boolean last;

    private LogPages(ConversationStore store, String conversation, long after) {
        this.store = store;
        this.conversation = conversation;
        this.after = after;
    }

    /** The entries behind a version. */
    static Stream<LogEntry> stream(ConversationStore store, String conversation, long after) {
        int order = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(new LogPages(store, conversation, after), order), false);
    }

    /** The entries from the one before the newest that restates the whole prompt. */
    static List<LogEntry> load(ConversationStore store, String conversation) {
        long head = store.head(conversation).map(LogPosition::version).orElse(0L);
        if (head == 0) {
            return List.of();
        }
        // A log that was deleted in between has nothing to read any more.
        long base = store.read(conversation, head - 1, 1).stream()
                .mapToLong(LogEntry::base)
                .findFirst()
                .orElse(0);
        return stream(store, conversation, Math.max(0, base - 2)).toList();
    }

    @Override
    public boolean hasNext() {
        if (next == page.size() && !last) {
            page = store.read(conversation, after, PAGE);
            after += page.size();
            last = page.size() < PAGE;
            next = 0;
        }
        return next < page.size();
    }

    @Override
    public LogEntry next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        return page.get(next++);
    }
}
