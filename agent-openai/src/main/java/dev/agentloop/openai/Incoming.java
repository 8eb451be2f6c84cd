package dev.agentloop.openai;

import java.nio.ByteBuffer;
import java.util.List;

/** Bytes that came in and are not used up yet: those of {@code bytes} between two offsets. Not thread-safe. */
final class Incoming {
    /** More than anything that the API sends: its largest single value, a compaction item, has 20 MiB. */
    static final int MOST = 64 * 1024 * 1024;

    private static final int FIRST_SIZE = 8 * 1024;

    private final int most;
    private byte[] bytes = new byte[FIRST_SIZE];
    private int from;
    private int to;

    Incoming() {
        this(MOST);
    }

    /** Holds at most {@code most} bytes; what comes after them is dropped. */
    Incoming(int most) {
        this.most = most;
    }

    byte[] bytes() {
        return bytes;
    }

    int from() {
        return from;
    }

    int to() {
        return to;
    }

    int size() {
        return to - from;
    }

    /** Whether as many bytes are held as may be, so that some may have been dropped. */
    boolean full() {
        return size() >= most;
    }

    void add(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            int count = Math.min(buffer.remaining(), most - size());
            makeRoom(count);
            buffer.get(bytes, to, count);
            to += count;
        }
    }

    /** Forgets the first {@code count} bytes. */
    void use(int count) {
        from += count;
    }

    /** The first byte that is neither white space nor a byte order mark; -1 where there is none yet. */
    int firstByte() {
        for (int i = from; i < to; i++) {
            int b = bytes[i] & 0xff;
            if (b > ' ' && b != 0xef && b != 0xbb && b != 0xbf) {
                return b;
            }
        }
        return -1;
    }

    private void makeRoom(int count) {
        if (bytes.length - to >= count) {
            return;
        }
        int held = size();
        boolean fits = held + count <= bytes.length / 2;
        byte[] target = fits ? bytes : new byte[Math.max(held + count, (int) Math.min(most, 2L * bytes.length))];
        System.arraycopy(bytes, from, target, 0, held);
        bytes = target;
        from = 0;
        to = held;
    }
}
