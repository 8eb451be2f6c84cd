package dev.agentloop.internal.control;

import dev.agentloop.Limits;
import dev.agentloop.Outcome;
import java.time.Duration;

/** Unwinds the loop's own thread to where a run ends; the outcome is made there. Never reaches the host. */
public final class RunEnd extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String reason;
    private final transient Ending ending;

    /** How a run is to end, before the numbers that its outcome names are known. */
    @FunctionalInterface
    public interface Ending {
        /** The outcome with these numbers. */
        Outcome outcome(Outcome.Summary summary);
    }

    /** The end of a run; the calls that are still open are answered with the reason. */
    public RunEnd(String reason, Ending ending) {
        super(reason, null, false, false);
        this.reason = reason;
        this.ending = ending;
    }

    public static RunEnd cancelled() {
        return new RunEnd("interrupted: the run was cancelled", Outcome.Cancelled::new);
    }

    public static RunEnd timeUp(Duration time) {
        return new RunEnd(
                "interrupted: the time of the run was up",
                summary -> new Outcome.LimitReached(Limits.Kind.TIME, time.toString(), summary));
    }

    public String reason() {
        return reason;
    }

    public Ending ending() {
        return ending;
    }
}
