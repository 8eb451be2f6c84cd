package dev.agentloop.openai;

import java.net.http.HttpHeaders;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How long a server asks to wait: by a header, or in the words of its message. */
final class RetryAfter {
    private static final String UNIT = "(milliseconds?|ms|minutes?|mins?|m|hours?|h|seconds?|secs?|s)(?![a-z])";
    private static final Pattern PART = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)\\s?" + UNIT);
    private static final Pattern WORDS =
            Pattern.compile("(?:try again|retry) (?:in|after) ((?:" + PART.pattern() + "\\s?){1,4})");
    private static final double LONGEST_SECONDS = Duration.ofDays(365).toSeconds();

    private RetryAfter() {}

    /** The wait by {@code retry-after-ms}, else {@code retry-after}, else the message; null where none says anything. */
    static @Nullable Duration of(HttpHeaders headers, String message) {
        Duration millis = seconds(headers.firstValue("retry-after-ms").orElse(""), 0.001);
        if (millis != null) {
            return millis;
        }
        String header = headers.firstValue("retry-after").orElse("");
        Duration seconds = seconds(header, 1);
        Duration wait = seconds != null ? seconds : until(header, headers);
        return wait != null ? wait : inWords(message);
    }

    /** The wait that a message asks for, such as "try again in 1.2s", "in 6m0s" or "retry after 20 seconds". */
    static @Nullable Duration inWords(String message) {
        Matcher words = WORDS.matcher(message.toLowerCase(Locale.ROOT));
        if (!words.find()) {
            return null;
        }
        double seconds = 0;
        Matcher part = PART.matcher(words.group(1));
        while (part.find()) {
            seconds += Double.parseDouble(part.group(1)) * secondsOf(part.group(2));
        }
        return Duration.ofMillis(Math.round(seconds * 1000));
    }

    private static double secondsOf(String unit) {
        if (unit.startsWith("ms") || unit.startsWith("milli")) {
            return 0.001;
        }
        return switch (unit.charAt(0)) {
            case 'm' -> 60;
            case 'h' -> 3600;
            default -> 1;
        };
    }

    private static @Nullable Duration seconds(String text, double unit) {
        try {
            double seconds = Double.parseDouble(text.strip()) * unit;
            return seconds >= 0 && seconds <= LONGEST_SECONDS ? Duration.ofMillis(Math.round(seconds * 1000)) : null;
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** The time until a date, by the server's own clock where it tells it. */
    private static @Nullable Duration until(String date, HttpHeaders headers) {
        Instant then = instant(date);
        if (then == null) {
            return null;
        }
        Instant now = headers.firstValue("date").map(RetryAfter::instant).orElseGet(Instant::now);
        Duration wait = Duration.between(now, then);
        return wait.isNegative() ? Duration.ZERO : wait;
    }

    private static @Nullable Instant instant(String date) {
        try {
            return ZonedDateTime.parse(date.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
        } catch (DateTimeParseException e) {
            return null;
        }
    }
}
