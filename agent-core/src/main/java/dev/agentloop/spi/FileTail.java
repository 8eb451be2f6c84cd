package dev.agentloop.spi;

import java.io.IOException;

/** Finds the last append of a file without reading what lies before it. */
final class FileTail {
    private static final int BLOCK = 16 * 1024;

    private FileTail() {}

    /**
     * Where the last append begins, if all lines from there to {@code end} are sound; 0 where that cannot be told without
     * reading the whole file.
     */
    static long lastAppend(FileAccess.Handle handle, long end) throws IOException {
        for (long size = BLOCK; size < end && size < Integer.MAX_VALUE / 2; size *= 4) {
            byte[] block = read(handle, end - size, (int) size);
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

    private static final int NOT_IN_BLOCK = -1;
    private static final int NOT_SOUND = -2;

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

    private static byte[] read(FileAccess.Handle handle, long from, int count) throws IOException {
        byte[] block = new byte[count];
        int done = 0;
        while (done < count) {
            int read = handle.read(from + done, block, done, count - done);
            if (read <= 0) {
                throw new IOException("the file ended " + (count - done) + " bytes early");
            }
            done += read;
        }
        return block;
    }
}
