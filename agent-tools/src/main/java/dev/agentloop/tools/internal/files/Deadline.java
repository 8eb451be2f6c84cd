package dev.agentloop.tools.internal.files;

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

    /** A text that keeps this deadline while it is read. */
    CharSequence over(CharSequence text) {
        return new TimedText(text, this);
    }

    /** The time is over. */
    static final class Passed extends RuntimeException {
        private static final long serialVersionUID = 1;

        Passed() {
            super("the time is over", null, false, false);
        }
    }

    /**
     * A text that asks a deadline every few thousand characters read: the only way to end a regular expression of
     * {@code java.util.regex} that backtracks without end. Belongs to one thread.
     */
    private static final class TimedText implements CharSequence {
        private static final int PATIENCE = 8192;

        private final CharSequence text;
        private final Deadline deadline;
        private int reads;

        TimedText(CharSequence text, Deadline deadline) {
            this.text = text;
            this.deadline = deadline;
        }

        @Override
        public char charAt(int index) {
            if (++reads == PATIENCE) {
                reads = 0;
                deadline.check();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return new TimedText(text.subSequence(start, end), deadline);
        }

        @Override
        public String toString() {
            return text.toString();
        }
    }
}
