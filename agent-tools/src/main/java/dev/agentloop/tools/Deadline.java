package dev.agentloop.tools;

import java.time.Duration;
import java.util.concurrent.CancellationException;

/** An end in time, kept by whoever asks often enough. Immutable. */
final class Deadline {
    private final long end;

    private Deadline(long end) {
        this.end = end;
    }

    static Deadline in(Duration time) {
        return new Deadline(System.nanoTime() + time.toNanos());
    }

    /**
     * Returns while there is time.
     *
     * @throws Passed when there is none
     * @throws CancellationException when the thread was interrupted, which stays so
     */
    void check() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("interrupted");
        }
        if (System.nanoTime() - end >= 0) {
            throw new Passed();
        }
    }

    /** The time is over. */
    static final class Passed extends RuntimeException {
        private static final long serialVersionUID = 1;

        Passed() {
            super("the time is over", null, false, false);
        }
    }
}
