package dev.agentloop.stores;

import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a pass over a conversation's file can begin, so that it need not be at the first byte: some places that are
 * remembered, and the last append, which is found from the end. A few hundred bytes; kept while the file is closed, and
 * checked before it is believed, since another process may have written since.
 *
 * <p>Thread-safe.
 */
final class FileIndex {
    private static final long EVERY_BYTES = 256 * 1024;
    private static final int BLOCK = 16 * 1024;
    private static final int NOT_IN_BLOCK = -1;
    private static final int NOT_SOUND = -2;

    private final List<Place> places = new ArrayList<>();
    private @Nullable Place last;
    private @Nullable Object forcedFile;
    private long forcedLength;

    /** The beginning of an append: its first entry's position, and the offset of that entry's line. */
    private record Place(LogPosition first, long offset) {}

    /** Remembers where this append is, if that is worth it. Appends may come in again, and out of order. */
    synchronized void add(FileScan.Batch batch) {
        Place place = new Place(batch.entries().get(0).position(), batch.start());
        Place newest = last;
        if (newest != null && newest.offset() >= place.offset()) {
            return;
        }
        last = place;
        if (places.isEmpty() || place.offset() - places.get(places.size() - 1).offset() >= EVERY_BYTES) {
            places.add(place);
        }
    }

    /**
     * Remembers that this process has forced a file of so many bytes.
     *
     * @param file what tells it from another one in its place; null where nothing does, and nothing is remembered
     */
    synchronized void forced(@Nullable Object file, long length) {
        forcedFile = file;
        forcedLength = length;
    }

    /** Whether this process has forced the file as it is: nobody has written to it since. */
    synchronized boolean isForced(@Nullable Object file, long length) {
        return file != null && file.equals(forcedFile) && length == forcedLength;
    }

    /** A pass that begins at the entry behind {@code after}, or at an append before it. */
    FileScan scan(Path file, FileAccess.Handle handle, long after, long end) throws IOException {
        Place place = nearest(after);
        if (place != null) {
            FileScan scan = new FileScan(file, handle, place.offset(), null, end);
            if (scan.beginsWith(place.first())) {
                return scan;
            }
            forget();
        }
        return new FileScan(file, handle, 0, LogPosition.START, end);
    }

    /** A pass over the last append, which is looked up from the end of the file where it is not known. */
    FileScan scanLast(Path file, FileAccess.Handle handle, long end) throws IOException {
        if (nearest(Long.MAX_VALUE) != null) {
            return scan(file, handle, Long.MAX_VALUE, end);
        }
        long offset = lastAppend(handle, end);
        return new FileScan(file, handle, offset, offset == 0 ? LogPosition.START : null, end);
    }

    // Where the last append begins, if all lines from there to the end are sound; 0 where that cannot be told without
    // reading the whole file.
    private static long lastAppend(FileAccess.Handle handle, long end) throws IOException {
        for (long size = BLOCK; size < end && size < Integer.MAX_VALUE / 2; size *= 4) {
            byte[] block = new byte[(int) size];
            handle.readFully(end - size, block);
            int found = search(block);
            if (found >= 0) {
                return end - size + found;
            }
            if (found == NOT_SOUND) {
                return 0;
            }
        }
        return 0;
    }

    // From the last line backwards. The line that begins before the block is never complete, so it is not looked at.
    private static int search(byte[] block) {
        int to = block.length - 1;
        if (block[to] != '\n') {
            return NOT_SOUND;
        }
        while (true) {
            int from = to;
            while (from > 0 && block[from - 1] != '\n') {
                from--;
            }
            if (from == 0) {
                return NOT_IN_BLOCK;
            }
            try {
                if (FileLine.read(block, from, to).first()) {
                    return from;
                }
            } catch (FileLine.Damaged e) {
                return NOT_SOUND;
            }
            to = from - 1;
        }
    }

    private synchronized @Nullable Place nearest(long after) {
        Place newest = last;
        if (newest != null && newest.first().version() - 1 <= after) {
            return newest;
        }
        int low = 0;
        int high = places.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (places.get(middle).first().version() - 1 <= after) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? null : places.get(low - 1);
    }

    private synchronized void forget() {
        places.clear();
        last = null;
        forcedFile = null;
    }
}
