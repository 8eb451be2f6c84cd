package dev.agentloop;

import dev.agentloop.internal.Durations;
import java.time.Duration;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * How often and after which wait a failed inference is tried again. Immutable and thread-safe.
 *
 * <p>What a server asks for and what this policy chooses by itself have bounds of their own: a server knows when its limit
 * is over, and asking again before that is in vain.
 *
 * @param requestRetries more tries for a request that brought no stream, 0 to 100; 4 by default
 * @param streamRetries more tries in a row for a stream that broke, 0 to 100; 5 by default
 * @param baseDelay the first wait, doubled each time, at most 365 days; 200 ms by default
 * @param maxDelay the longest wait that this policy chooses by itself, from {@code baseDelay} to 365 days; 30 s by default
 * @param maxAskedDelay the longest wait that a server may ask for, at most 365 days; two minutes by default. A server that
 *     asks for a longer one is not tried again
 */
public record RetryPolicy(
        int requestRetries, int streamRetries, Duration baseDelay, Duration maxDelay, Duration maxAskedDelay) {
    private static final int MOST_RETRIES = 100;
    private static final Duration USUAL_ASKED = Duration.ofMinutes(2);
    /** How much longer a wait may become by chance. */
    private static final double JITTER = 0.1;

    /** The counts and the first wait of the reference implementation of the loop. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(4, 5, Duration.ofMillis(200), Duration.ofSeconds(30));

    /** Never tries again, wherever it is set. */
    public static final RetryPolicy NEVER = new RetryPolicy(0, 0, Duration.ZERO, Duration.ZERO);

    public RetryPolicy {
        if (requestRetries < 0 || requestRetries > MOST_RETRIES || streamRetries < 0 || streamRetries > MOST_RETRIES) {
            throw new IllegalArgumentException("retries go from 0 to " + MOST_RETRIES + ", but these are "
                    + requestRetries + " for requests and " + streamRetries + " for streams");
        }
        Durations.checked("RetryPolicy.baseDelay", baseDelay, Duration.ZERO, Durations.YEAR);
        Durations.checked("RetryPolicy.maxDelay", maxDelay, baseDelay, Durations.YEAR);
        Durations.checked("RetryPolicy.maxAskedDelay", maxAskedDelay, Duration.ZERO, Durations.YEAR);
    }

    /** A policy that waits for two minutes at most where a server asks for it. */
    public RetryPolicy(int requestRetries, int streamRetries, Duration baseDelay, Duration maxDelay) {
        this(requestRetries, streamRetries, baseDelay, maxDelay, USUAL_ASKED);
    }

    /** This policy with another bound for what servers ask for, 0 to 365 days. */
    public RetryPolicy withMaxAskedDelay(Duration most) {
        return new RetryPolicy(requestRetries, streamRetries, baseDelay, maxDelay, most);
    }

    /**
     * A model that tries {@code model} again by this policy: requests that brought no stream, and streams that broke before
     * a call was told. The two have budgets of their own, which never multiply.
     */
    public Model around(Model model) {
        return new RetryingModel(model, this);
    }

    /**
     * The wait before try {@code attempt}, which counts from 1: the base doubled each time, up to {@code maxDelay}, or what
     * the server asked for, up to {@code maxAskedDelay}, where that is longer. So a server that asks for no wait at all is
     * not asked faster than one that says nothing.
     *
     * <p>It is made longer by up to a tenth, so that clients that failed together do not come back together; never shorter,
     * because a server refuses what comes early.
     *
     * @param random gives numbers from 0 to below 1
     * @return whole milliseconds, at least one
     */
    public Duration delay(int attempt, ModelException cause, DoubleSupplier random) {
        int slower = cause.kind() == ModelException.Kind.OVERLOADED ? 2 : 0;
        double own =
                Math.min(baseDelay.toNanos() * Math.pow(2, Math.min(attempt - 1 + slower, 30)), maxDelay.toNanos());
        double asked =
                cause.retryAfter().map(this::allowed).orElse(Duration.ZERO).toNanos();
        double millis = Math.max(own, asked) * (1 + JITTER * random.getAsDouble()) / 1_000_000;
        return Duration.ofMillis(Math.max(1, (long) Math.ceil(millis)));
    }

    private Duration allowed(Duration asked) {
        Duration most = asked.compareTo(maxAskedDelay) < 0 ? asked : maxAskedDelay;
        return most.isNegative() ? Duration.ZERO : most;
    }

    /** Whether the failure may be over with another try, and its server did not ask for a longer wait than allowed. */
    public boolean allows(ModelException cause) {
        return cause.retryable() && tooLong(cause).isEmpty();
    }

    private Optional<Duration> tooLong(ModelException cause) {
        return cause.retryAfter().filter(asked -> asked.compareTo(maxAskedDelay) > 0);
    }

    /** Why a failure gets no other try though one might help, from a blank on; empty where this policy allows one. */
    public String refusal(ModelException cause) {
        return tooLong(cause)
                .map(asked -> " The server asks for a wait of " + Durations.shown(asked)
                        + ", but RetryPolicy.maxAskedDelay allows " + Durations.shown(maxAskedDelay)
                        + ": not tried again.")
                .orElse("");
    }
}
