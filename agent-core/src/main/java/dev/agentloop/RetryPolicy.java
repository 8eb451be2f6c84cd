package dev.agentloop;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How often and after which wait a failed inference is tried again. Immutable and thread-safe.
 *
 * @param requestRetries more tries for a request that brought no stream; 4 by default
 * @param streamRetries more tries in a row for a stream that broke; 5 by default
 * @param baseDelay the first wait, doubled each time; 200 ms by default
 * @param maxDelay the longest wait of its own, 30 s by default; a server that asks for a longer one than this is not tried
 *     again
 */
public record RetryPolicy(int requestRetries, int streamRetries, Duration baseDelay, Duration maxDelay) {
    private static final int MOST_RETRIES = 100;

    /** The waits and counts that the reference implementation of the loop uses. */
    public static final RetryPolicy DEFAULT = new RetryPolicy(4, 5, Duration.ofMillis(200), Duration.ofSeconds(30));

    /** Never tries again. */
    public static final RetryPolicy NEVER = new RetryPolicy(0, 0, Duration.ZERO, Duration.ZERO);

    public RetryPolicy {
        if (requestRetries < 0 || requestRetries > MOST_RETRIES || streamRetries < 0 || streamRetries > MOST_RETRIES) {
            throw new IllegalArgumentException("retries go from 0 to " + MOST_RETRIES + ", but these are "
                    + requestRetries + " for requests and " + streamRetries + " for streams");
        }
        if (baseDelay.isNegative() || maxDelay.compareTo(baseDelay) < 0) {
            throw new IllegalArgumentException(
                    "the longest wait " + maxDelay + " must not be shorter than the first one " + baseDelay);
        }
    }

    /**
     * A model that tries {@code model} again by this policy: requests that brought no stream, and streams that broke before
     * a call was told. The two have budgets of their own, which never multiply.
     */
    public Model around(Model model) {
        return new RetryingModel(model, this);
    }

    /**
     * The wait before try {@code attempt}, which counts from 1: what the server asked for, else the base doubled each time,
     * times 0.9 to 1.1, so that clients that failed together do not come back together.
     *
     * @param random gives numbers from 0 to below 1
     */
    public Duration delay(int attempt, ModelException cause, DoubleSupplier random) {
        if (cause.retryAfter().isPresent()) {
            return cause.retryAfter().get();
        }
        int slower = cause.kind() == ModelException.Kind.OVERLOADED ? 2 : 0;
        double factor = Math.pow(2, Math.min(attempt - 1 + slower, 30)) * (0.9 + 0.2 * random.getAsDouble());
        double millis = Math.min(baseDelay.toMillis() * factor, maxDelay.toMillis());
        return Duration.ofMillis((long) millis);
    }

    /** Whether the server did not ask for a longer wait than this policy allows. */
    public boolean allows(ModelException cause) {
        return cause.retryable()
                && cause.retryAfter().map(wait -> wait.compareTo(maxDelay) <= 0).orElse(true);
    }
}
