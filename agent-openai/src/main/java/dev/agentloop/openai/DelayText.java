package dev.agentloop.openai;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The forms in which servers write a wait: {@code 60}, {@code 1.5}, {@code 350ms}, {@code 1m30s}, {@code 20 seconds}, and
 * dates. What is below zero, longer than a year or in no form is no wait, because no server means it.
 */
final class DelayText {
    static final BigDecimal SECOND = BigDecimal.ONE;
    static final BigDecimal MILLISECOND = new BigDecimal("0.001");

    private static final String NUMBER = "\\d{1,18}(?:\\.\\d{1,20})?";
    private static final String UNIT = "(milliseconds?|millis|msecs?|ms|microseconds?|[uµμ]s|ns|minutes?|mins?|m"
            + "|hours?|hrs?|h|seconds?|secs?|s|days?|d)(?![a-z])";
    private static final Pattern BARE = Pattern.compile(NUMBER + "(?:e[+-]?\\d{1,3})?");
    private static final Pattern PART = Pattern.compile("(" + NUMBER + ")\\s?" + UNIT);
    private static final String PARTS = "(?:" + PART.pattern() + "\\s?){1,5}";
    private static final Pattern WHOLE = Pattern.compile(PARTS);
    private static final Pattern WORDS = Pattern.compile("(?:try again|retry) (?:in|after) (" + PARTS + ")");
    private static final BigDecimal LONGEST_SECONDS =
            BigDecimal.valueOf(Duration.ofDays(365).toSeconds());

    private static final DateTimeFormatter ASCTIME = new DateTimeFormatterBuilder()
            .parseCaseInsensitive()
            .appendPattern("EEE MMM d HH:mm:ss uuuu")
            .toFormatter(Locale.ENGLISH)
            .withZone(ZoneOffset.UTC);
    private static final List<Function<String, Instant>> DATES = List.of(
            text -> ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant(),
            text -> ZonedDateTime.parse(text, rfc850()).toInstant(),
            text -> ZonedDateTime.parse(text, ASCTIME).toInstant(),
            text -> OffsetDateTime.parse(text).toInstant());

    private DelayText() {}

    // It has two digits for the year; RFC 9110 wants the one that is not more than 50 years ahead of now.
    private static DateTimeFormatter rfc850() {
        return new DateTimeFormatterBuilder()
                .parseCaseInsensitive()
                .appendPattern("[EEEE][EEE], dd-MMM-")
                .appendValueReduced(
                        ChronoField.YEAR, 2, 2, Year.now(ZoneOffset.UTC).getValue() - 49)
                .appendPattern(" HH:mm:ss 'GMT'")
                .toFormatter(Locale.ENGLISH)
                .withZone(ZoneOffset.UTC);
    }

    /**
     * A wait that is the whole text; null where it is none.
     *
     * @param unit in seconds, for a number without a unit of its own
     */
    static @Nullable Duration whole(String text, BigDecimal unit) {
        String plain = text.strip().toLowerCase(Locale.ROOT);
        if (BARE.matcher(plain).matches()) {
            return bounded(new BigDecimal(plain).multiply(unit));
        }
        return WHOLE.matcher(plain).matches() ? sum(plain) : null;
    }

    /** The wait that a message asks for, such as "try again in 1.2s", "in 6m0s" or "retry after 20 seconds". */
    static @Nullable Duration inWords(String message) {
        Matcher words = WORDS.matcher(message.toLowerCase(Locale.ROOT));
        return words.find() ? sum(words.group(1)) : null;
    }

    /** The moment that an HTTP date of any of its three forms, or an ISO date with an offset, names; null for no date. */
    static @Nullable Instant date(String text) {
        String plain = text.strip().replaceAll("\\s+", " ").replaceAll(" (?i:UTC|UT)$", " GMT");
        for (Function<String, Instant> form : DATES) {
            try {
                return form.apply(plain);
            } catch (DateTimeException e) {
                // It may have another form.
            }
        }
        return null;
    }

    /** The time from one moment to a later one; null where it is earlier. */
    static @Nullable Duration between(Instant now, Instant then) {
        Duration wait = Duration.between(now, then);
        return wait.isNegative()
                ? null
                : bounded(BigDecimal.valueOf(wait.getSeconds()).add(BigDecimal.valueOf(wait.getNano(), 9)));
    }

    private static @Nullable Duration sum(String parts) {
        BigDecimal seconds = BigDecimal.ZERO;
        Matcher part = PART.matcher(parts);
        while (part.find()) {
            seconds = seconds.add(new BigDecimal(part.group(1)).multiply(secondsOf(part.group(2))));
        }
        return bounded(seconds);
    }

    private static BigDecimal secondsOf(String unit) {
        if (unit.startsWith("ms") || unit.startsWith("milli")) {
            return MILLISECOND;
        }
        if (unit.startsWith("micro") || unit.matches("[uµμ]s")) {
            return new BigDecimal("0.000001");
        }
        return switch (unit.charAt(0)) {
            case 'n' -> new BigDecimal("0.000000001");
            case 'm' -> BigDecimal.valueOf(60);
            case 'h' -> BigDecimal.valueOf(3_600);
            case 'd' -> BigDecimal.valueOf(86_400);
            default -> SECOND;
        };
    }

    /** In whole milliseconds, rounded up: who comes a little early is refused again. */
    private static @Nullable Duration bounded(BigDecimal seconds) {
        return seconds.compareTo(LONGEST_SECONDS) > 0
                ? null
                : Duration.ofMillis(seconds.movePointRight(3)
                        .setScale(0, RoundingMode.CEILING)
                        .longValueExact());
    }
}
