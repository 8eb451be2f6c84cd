package dev.agentloop.openai;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that came in and are not used up yet: those of an array between two offsets. Not thread-safe.
 *
 * <p>Closing gives the array to whoever comes next, so nothing may refer to it any more.
 */
final class Incoming implements AutoCloseable {
    /** More than anything that the API sends: its largest single value, a compaction item, has 20 MiB. */
    static final int MOST = 64 * 1024 * 1024;

    private static final int FIRST_SIZE = 8 * 1024;
    private static final int LARGEST_SPARE = 256 * 1024;
    private static final byte[] NOTHING = new byte[0];

    /** An array that a response has left behind. One is enough for a conversation, whose responses follow each other. */
    private static final AtomicReference<byte @Nullable []> SPARE = new AtomicReference<>();

    private byte[] bytes;
    private int from;
    private int to;

    Incoming() {
        byte[] spare = SPARE.getAndSet(null);
        this.bytes = spare == null ? new byte[FIRST_SIZE] : spare;
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

    /** Whether as many bytes are held as may be, so that the next ones are dropped. */
    boolean full() {
        return size() >= MOST;
    }

    void add(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            int count = Math.min(buffer.remaining(), MOST - size());
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
        byte[] target = fits ? bytes : new byte[Math.max(held + count, (int) Math.min(MOST, 2L * bytes.length))];
        System.arraycopy(bytes, from, target, 0, held);
        bytes = target;
        from = 0;
        to = held;
    }

    @Override
    public void close() {
        if (bytes.length > 0 && bytes.length <= LARGEST_SPARE) {
            SPARE.set(bytes);
        }
        bytes = NOTHING;
        from = 0;
        to = 0;
    }
}
