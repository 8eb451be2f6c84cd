package dev.agentloop.openai;

import dev.agentloop.internal.JsonFields;
import java.math.BigDecimal;
import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How long a server asks to wait, by the first that says so: the headers {@code retry-after-ms},
 * {@code x-ms-retry-after-ms} and {@code retry-after}, a field of the body, the words of the message, and for a 429 the
 * headers that tell when its limit is over.
 */
final class RetryAfter {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final List<String> MILLISECOND_HEADERS = List.of("retry-after-ms", "x-ms-retry-after-ms");
    private static final List<String> MILLISECOND_FIELDS = List.of("retry_after_ms", "retryAfterMs");
    private static final List<String> SECOND_FIELDS =
            List.of("retry_after", "retryAfter", "retry_after_seconds", "retryAfterSeconds", "retryDelay");
    /** Between two waits, not the comma that stands after the weekday of a date. */
    private static final Pattern COMMA = Pattern.compile("(?<!(?i:mon|tue|wed|thu|fri|sat|sun|day)),");

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
        return wait == null && status == TOO_MANY_REQUESTS ? RateLimitHeaders.untilReset(headers, now) : wait;
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

    /**
     * The wait in a field of a body; null where there is none.
     *
     * @param fields the body
     * @param error the error in it, or the body itself
     */
    static @Nullable Duration inBody(JsonFields fields, JsonFields error) {
        List<JsonFields> places = new ArrayList<>(List.of(error));
        places.addAll(error.inners("details"));
        places.add(fields);
        for (JsonFields place : places) {
            Duration millis = inFields(place, MILLISECOND_FIELDS, DelayText.MILLISECOND);
            Duration wait = millis != null ? millis : inFields(place, SECOND_FIELDS, DelayText.SECOND);
            if (wait != null) {
                return wait;
            }
        }
        return null;
    }

    private static @Nullable Duration inFields(JsonFields place, List<String> names, BigDecimal unit) {
        for (String name : names) {
            Duration wait = DelayText.whole(ApiError.value(place, name), unit);
            if (wait != null) {
                return wait;
            }
        }
        return null;
    }
}
