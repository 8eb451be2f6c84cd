package dev.agentloop.openai;

import java.math.BigDecimal;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a server asks to wait, by the first that says so: the headers {@code retry-after-ms},
 * {@code x-ms-retry-after-ms} and {@code retry-after}, a field of the body, the words of the message, and for a 429 the
 * headers that tell when its limit is over: {@code x-ratelimit-remaining-requests}, {@code x-ratelimit-reset-requests} and
 * the same for tokens, or {@code ratelimit-reset} and {@code x-ratelimit-reset}.
 */
final class RetryAfter {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final List<String> MILLISECOND_HEADERS = List.of("retry-after-ms", "x-ms-retry-after-ms");
    /** Between two waits, not the comma that stands after the weekday of a date. */
    private static final Pattern COMMA = Pattern.compile("(?<!(?i:mon|tue|wed|thu|fri|sat|sun|day)),");

    // More than a wait of a year, less than any time since the seventies: no number can be both.
    private static final double FIRST_EPOCH_SECOND = 1e8;
    private static final double FIRST_EPOCH_MILLISECOND = 1e11;

    private RetryAfter() {}

    /** The wait that is asked for with an error; null where nothing says any. */
    static @Nullable Duration of(int status, HttpHeaders headers, ApiError error) {
        Instant now = headers.firstValue("date").map(DelayText::date).orElseGet(Instant::now);
        for (String name : MILLISECOND_HEADERS) {
            Duration wait = inHeader(headers.allValues(name), DelayText.MILLISECOND, now);
            if (wait != null) {
                return wait;
            }
        }
        Duration wait = inHeader(headers.allValues("retry-after"), DelayText.SECOND, now);
        wait = wait == null ? error.retryAfter() : wait;
        wait = wait == null ? DelayText.inWords(error.message()) : wait;
        return wait == null && status == TOO_MANY_REQUESTS ? untilReset(headers, now) : wait;
    }

    /**
     * The longest of the waits in a header that came more than once or holds a list, as it does where a proxy adds its own:
     * only after that one nobody on the way refuses.
     */
    private static @Nullable Duration inHeader(List<String> values, BigDecimal unit, Instant now) {
        Duration longest = null;
        for (String value : values) {
            for (String text : COMMA.split(value)) {
                Duration wait = wait(text, unit, now);
                longest = wait == null || (longest != null && longest.compareTo(wait) > 0) ? longest : wait;
            }
        }
        return longest;
    }

    private static @Nullable Duration wait(String text, BigDecimal unit, Instant now) {
        Instant then = DelayText.date(text);
        return then == null ? DelayText.whole(text, unit) : DelayText.between(now, then);
    }

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
                    .map(RetryAfter::number)
                    .orElse(null);
            Duration reset = headers.firstValue(prefix + "reset" + what)
                    .map(text -> RetryAfter.reset(text, now))
                    .orElse(null);
            return new Limit(remaining, reset);
        }
    }

    /*
     * The wait until the limit that a 429 is about is over, by how much is left of each; null where nothing tells which one
     * that is. Servers that have but one limit name it ratelimit or x-ratelimit.
     */
    private static @Nullable Duration untilReset(HttpHeaders headers, Instant now) {
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
