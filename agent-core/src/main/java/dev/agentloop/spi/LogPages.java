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

    private final Reader log;
    private long after;
    private List<LogEntry> page = List.of();
    private int next;
    private boolean last;

    private LogPages(Reader log, long after) {
        this.log = log;
        this.after = after;
    }

    /** Reads so many entries behind a version. */
    interface Reader {
        List<LogEntry> read(long after, int limit);
    }

    /** The entries behind a version. */
    static Stream<LogEntry> stream(Reader log, long after) {
        int order = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(new LogPages(log, after), order), false);
    }

    /** The entries from the one before the newest that restates the whole prompt. */
    static List<LogEntry> load(Reader log, long head) {
        if (head == 0) {
            return List.of();
        }
        // A log that was deleted in between has nothing to read any more.
        long base = log.read(head - 1, 1).stream()
                .mapToLong(LogEntry::base)
                .findFirst()
                .orElse(0);
        return stream(log, Math.max(0, base - 2)).map(LogEntry::forFold).toList();
    }

    @Override
    public boolean hasNext() {
        if (next == page.size() && !last) {
            page = log.read(after, PAGE);
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
