package dev.agentloop.openai;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * When a limit is over, by the headers that tell how much is left of it: {@code x-ratelimit-remaining-requests},
 * {@code x-ratelimit-reset-requests} and the same for tokens, or {@code ratelimit-reset} and {@code x-ratelimit-reset} of
 * servers that have but one limit.
 */
final class RateLimitHeaders {
    // More than a wait of a year, less than any time since the seventies: no number can be both.
    private static final double FIRST_EPOCH_SECOND = 1e8;
    private static final double FIRST_EPOCH_MILLISECOND = 1e11;

    private RateLimitHeaders() {}

    /** How much is left of one limit, and when it is whole again; null for what is not told. */
    private record Limit(
            @Nullable Double remaining, @Nullable Duration reset) {
        boolean usedUp() {
            return reset != null && remaining != null && remaining <= 0;
        }

        /** Whether a single request may be more than what is left. */
        boolean mayBeShort(boolean requests) {
            return reset != null && (remaining == null || remaining <= 0 || !requests);
        }

        static Limit of(HttpHeaders headers, String prefix, String what, Instant now) {
            Double remaining = headers.firstValue(prefix + "remaining" + what)
                    .map(RateLimitHeaders::number)
                    .orElse(null);
            Duration reset = headers.firstValue(prefix + "reset" + what)
                    .map(text -> RateLimitHeaders.reset(text, now))
                    .orElse(null);
            return new Limit(remaining, reset);
        }
    }

    /** The wait until the limit that a 429 is about is over; null where nothing tells which one that is. */
    static @Nullable Duration untilReset(HttpHeaders headers, Instant now) {
        Limit requests = Limit.of(headers, "x-ratelimit-", "-requests", now);
        Limit tokens = Limit.of(headers, "x-ratelimit-", "-tokens", now);
        if (requests.usedUp() || tokens.usedUp()) {
            return longer(requests.usedUp() ? requests.reset() : null, tokens.usedUp() ? tokens.reset() : null);
        }
        // Tokens may be short before none is left, requests not. Of two that may be, the shorter wait costs one try at
        // most.
        Duration wait = shorter(
                requests.mayBeShort(true) ? requests.reset() : null, tokens.mayBeShort(false) ? tokens.reset() : null);
        if (wait != null) {
            return wait;
        }
        Limit standard = Limit.of(headers, "ratelimit-", "", now);
        Limit common = Limit.of(headers, "x-ratelimit-", "", now);
        return longer(
                standard.mayBeShort(true) ? standard.reset() : null, common.mayBeShort(true) ? common.reset() : null);
    }

    private static @Nullable Duration longer(@Nullable Duration one, @Nullable Duration other) {
        return one == null || (other != null && other.compareTo(one) > 0) ? other : one;
    }

    private static @Nullable Duration shorter(@Nullable Duration one, @Nullable Duration other) {
        return one == null || (other != null && other.compareTo(one) < 0) ? other : one;
    }

    /** A wait, a date, or seconds or milliseconds since 1970; null for anything else. */
    private static @Nullable Duration reset(String text, Instant now) {
        Double number = number(text);
        if (number != null && number >= FIRST_EPOCH_SECOND) {
            double millis = number >= FIRST_EPOCH_MILLISECOND ? number : number * 1_000;
            return DelayText.between(now, Instant.ofEpochMilli((long) Math.ceil(millis)));
        }
        Duration wait = DelayText.whole(text, DelayText.SECOND);
        return wait != null
                ? wait
                : Optional.ofNullable(DelayText.date(text))
                        .map(then -> DelayText.between(now, then))
                        .orElse(null);
    }

    private static @Nullable Double number(String text) {
        try {
            return Double.valueOf(text.strip());
        } catch (NumberFormatException e) {
            return null;
        }
    }
}
