package dev.agentloop.stores;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * What may be cut. An append is one write and one force, so only the last one can be torn: what the disk made of it may be
 * a prefix, or hold lines in the middle that never reached the disk. A bad line is therefore the remains of a crash only
 * if no later line begins an append; if one does, the bad line was once forced, and the file is damaged.
 */
/**
 * One pass over a conversation's file, append by append: checksums, the chain, and the place in the append are verified,
 * and an append that is not there in full is not seen at all.
 */
final class FileScan {
    private static final int BLOCK = 64 * 1024;

    private final Path file;
    private final FileAccess.Handle handle;
    private final long end;
    private byte[] buffer = new byte[BLOCK];
    private int start;
    private int limit;
    private long filled;

    private @Nullable LogPosition before;
    private long committed;
    private @Nullable String remains;

    /** The entries of one append, and where its lines begin and end. */
    record Batch(List<LogEntry> entries, long start, long end) {
        LogPosition last() {
            return entries.get(entries.size() - 1).position();
        }

        /** Whether nothing may follow it. */
        boolean sealed() {
            return entries.get(entries.size() - 1).kind().equals(LogEntry.SEALED);
        }
    }

    /**
     * A pass from {@code from}, where an append begins.
     *
     * @param before the position before it; null where it is not known, so that the first line's chain hash is taken as
     *     it is
     * @param end where the pass ends, at most the length of the file
     */
    FileScan(Path file, FileAccess.Handle handle, long from, @Nullable LogPosition before, long end) {
        this.file = file;
        this.handle = handle;
        this.end = end;
        this.filled = from;
        this.committed = from;
        this.before = before;
    }

    /**
     * The next append; null behind the last one that is there in full.
     *
     * @throws StoreException {@code CORRUPT} if a line is damaged that was once forced
     */
    @Nullable
    Batch next() throws IOException {
        if (remains != null) {
            return null;
        }
        List<LogEntry> entries = new ArrayList<>();
        LogPosition position = before;
        while (true) {
            long offset = offset();
            int feed = lineFeed();
            if (feed < 0) {
                return endOfFile(offset);
            }
            FileLine line;
            try {
                line = FileLine.read(buffer, start, feed);
            } catch (FileLine.Damaged e) {
                return damaged(offset, position, e);
            }
            start = feed + 1;
            position = check(line, position, entries.size(), offset);
            entries.add(line.entry());
            if (line.last()) {
                Batch batch = new Batch(List.copyOf(entries), committed, offset());
                before = position;
                committed = offset();
                return batch;
            }
        }
    }

    private LogPosition check(FileLine line, @Nullable LogPosition position, int done, long offset) {
        if (line.index() != done + 1) {
            throw corrupt(
                    offset,
                    position,
                    "expected entry " + (done + 1) + " of an append but found entry " + line.index() + " of "
                            + line.count());
        }
        if (position != null && !line.entry().follows(position)) {
            throw corrupt(
                    offset,
                    position,
                    "expected an entry whose chain hash follows version " + position.version() + " but found version "
                            + line.entry().version() + " with another history or another payload");
        }
        return line.entry().position();
    }

    private @Nullable Batch endOfFile(long offset) {
        if (end > committed) {
            remains = offset == end
                    ? "an append whose last line is missing"
                    : "a line of " + (end - offset) + " bytes without an end";
        }
        return null;
    }

    private @Nullable Batch damaged(long offset, @Nullable LogPosition position, FileLine.Damaged what)
            throws IOException {
        if (what.format() != 0) {
            throw new StoreException(
                    StoreException.Kind.UNKNOWN_FORMAT,
                    file + " is in format " + what.format() + " from byte " + offset
                            + " on, and this version of the library reads format 1: use the version that wrote it, or a"
                            + " newer one");
        }
        int feed;
        while ((feed = lineFeed()) >= 0) {
            int from = start;
            start = feed + 1;
            if (beginsAppend(from, feed)) {
                throw corrupt(offset, position, String.valueOf(what.getMessage()));
            }
        }
        remains = "a damaged line: " + what.getMessage();
        return null;
    }

    /** Whether the pass begins with the entry at {@code first}, the first one of its append. Moves nothing. */
    boolean beginsWith(LogPosition first) throws IOException {
        int feed = lineFeed();
        try {
            return feed >= 0
                    && beginsAppend(start, feed)
                    && FileLine.read(buffer, start, feed).entry().position().equals(first);
        } catch (FileLine.Damaged e) {
            return false;
        }
    }

    private boolean beginsAppend(int from, int to) {
        try {
            return FileLine.read(buffer, from, to).first();
        } catch (FileLine.Damaged e) {
            return false;
        }
    }

    private StoreException corrupt(long offset, @Nullable LogPosition position, String what) {
        return new StoreException(
                StoreException.Kind.CORRUPT,
                file + " is damaged in line " + (position == null ? "?" : Long.toString(position.version() + 1))
                        + " at byte " + offset + ": " + what
                        + "; nothing was changed. Bring the file back from a backup, or fork the conversation at version "
                        + (before == null ? 0 : before.version()) + " or before");
    }

    /** Where the last append that was seen in full ends; behind it lies what {@link #remains} names. */
    long committed() {
        return committed;
    }

    /** What a crash, or another process that is writing just now, left behind the last whole append; null if nothing. */
    @Nullable
    String remains() {
        return remains;
    }

    private long offset() {
        return filled - (limit - start);
    }

    /** The place of the next line feed in the buffer, which is filled as far as it takes; -1 if there is none. */
    private int lineFeed() throws IOException {
        int at = start;
        while (true) {
            for (; at < limit; at++) {
                if (buffer[at] == '\n') {
                    return at;
                }
            }
            int searched = at - start;
            if (!fill()) {
                return -1;
            }
            at = start + searched;
        }
    }

    private boolean fill() throws IOException {
        if (start > 0) {
            System.arraycopy(buffer, start, buffer, 0, limit - start);
            limit -= start;
            start = 0;
        }
        if (limit == buffer.length) {
            buffer = Arrays.copyOf(buffer, Math.multiplyExact(buffer.length, 2));
        }
        int wanted = (int) Math.max(0, Math.min(buffer.length - limit, end - filled));
        int count = wanted == 0 ? 0 : handle.read(filled, buffer, limit, wanted);
        if (count <= 0) {
            return false;
        }
        limit += count;
        filled += count;
        return true;
    }
}
