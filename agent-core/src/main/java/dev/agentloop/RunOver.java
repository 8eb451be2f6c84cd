package dev.agentloop;

/** Unwinds the loop's own thread to where a run ends; the outcome is made there. Never leaves this package. */
final class RunOver extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final transient Ending ending;

    /**
     * The end of a run.
     *
     * @param reason what the calls that are still open are answered with
     */
    RunOver(String reason, Ending ending) {
        super(reason, null, false, false);
        this.reason = reason;
        this.ending = ending;
    }

    String reason() {
        return reason;
    }

    Ending ending() {
        return ending;
    }
}
