package dev.agentloop.internal;

import java.security.SecureRandom;
import java.util.Arrays;

/** Random bytes that nobody can guess, a few at a time: many are drawn at once, for each draw costs as much as a hash. Thread-safe. */
public final class RandomBytes {
    private static final int DRAWN = 1024;
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final byte[] LEFT = new byte[DRAWN];
    private static int used = DRAWN;

    private RandomBytes() {}

    /**
     * Bytes that nobody else gets.
     *
     * @param count from 0 to 1024
     */
    public static synchronized byte[] next(int count) {
        if (used + count > DRAWN) {
            RANDOM.nextBytes(LEFT);
            used = 0;
        }
        byte[] given = Arrays.copyOfRange(LEFT, used, used + count);
        Arrays.fill(LEFT, used, used + count, (byte) 0);
        used += count;
        return given;
    }
}
