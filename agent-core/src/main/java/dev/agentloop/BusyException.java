package dev.agentloop;

/** Something else is changing the conversation right now: another run or append of this process, or of another one. */
public final class BusyException extends IllegalStateException {
    private static final long serialVersionUID = 1L;

    /**
     * A conversation is busy.
     *
     * @param by who is at work on it, in words that follow "is being run or appended to"
     */
    public BusyException(String conversation, String by) {
        super("conversation " + conversation + " is being run or appended to " + by
                + "; wait for it, cancel() it, hand it more input with steer(), or run with another whenBusy");
    }
}
