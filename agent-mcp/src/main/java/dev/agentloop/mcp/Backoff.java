package dev.agentloop.mcp;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/** How long a server that ended is left alone before it is started again. Thread-safe. */
@FunctionalInterface
interface Backoff {

    /**
     * Twice as long with each failure, from a quarter of a second up to a minute, less up to a half of it, so that many
     * clients of one server do not come back as one.
     */
    Backoff USUAL = failures -> {
        long millis = Math.min(60_000, 250L << Math.min(failures - 1, 10));
        return Duration.ofMillis(millis - ThreadLocalRandom.current().nextLong(millis / 2));
    };

    /**
     * The pause before the next attempt.
     *
     * @param failures how many there were in a row, from 1
     */
    Duration after(int failures);
}
