package dev.agentloop.spi;

/**
 * Which processes that own turns are alive, as far as anybody can tell. For liveness only: who may write is decided by the
 * log alone, and a process that was thought dead and comes back loses at its next append.
 *
 * <p>Thread-safe.
 */
public interface Leases {

    /** Of stores that no second process can write to: nobody else is alive, and one's own holds. */
    Leases NONE = new Leases() {
        @Override
        public String process() {
            return "";
        }

        @Override
        public boolean alive(String process) {
            return false;
        }

        @Override
        public boolean held(long since) {
            return true;
        }
    };

    /** The name of this process; unlike that of any other, and of itself at another time. Empty in {@link #NONE}. */
    String process();

    /**
     * Whether that process is alive. Answers as soon as a sign of life is seen, and only after the store's bound that there
     * is none.
     *
     * @throws StoreException {@code UNAVAILABLE} if the store cannot be asked
     */
    boolean alive(String process) throws InterruptedException;

    /**
     * Whether that process has ended for certain, and nothing that it began goes on: a tool that may run again after a crash is
     * then run again. False where all that can be told is that it shows no sign of life, as by default.
     *
     * @throws StoreException {@code UNAVAILABLE} if the store cannot be asked
     */
    default boolean ended(String process) {
        return false;
    }

    /**
     * Whether this process has shown that it is alive without a break since then, and so lately, by its own monotonic clock,
     * that nobody can have thought it dead. A process that was stopped for a while and shows itself again has not. Asked just
     * before each effect; never blocks.
     *
     * @param since a time of {@link System#nanoTime} at which the log was this process's own
     */
    boolean held(long since);
}
