package dev.agentloop.openai;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Makes up ways to ask for a wait, each with the wait that it means. */
final class WaitForms {
    /**
     * What one server sends.
     *
     * @param millis what it means; −1 for nothing
     */
    record Member(long millis, String body, List<String> headers) {}

    private static final Instant NOW = Instant.parse("2026-11-22T18:03:53Z");
    private static final List<String> DATES =
            List.of("EEE, dd MMM uuuu HH:mm:ss 'GMT'", "EEEE, dd-MMM-uu HH:mm:ss 'GMT'", "EEE MMM ppd HH:mm:ss uuuu");

    private final Random random;

    WaitForms(Random random) {
        this.random = random;
    }

    Member next() {
        long millis = random.nextInt(3) == 0 ? random.nextInt(1_000) : random.nextInt(5_000_000);
        return switch (random.nextInt(7)) {
            case 0 -> header(named("retry-after"), text(millis), millis);
            case 1 -> header(named(pick("retry-after-ms", "x-ms-retry-after-ms")), String.valueOf(millis), millis);
            case 2 -> date(millis / 1_000);
            case 3 -> body(millis);
            case 4 -> new Member(millis, error("\"message\":\"" + words(millis) + "\""), List.of());
            case 5 -> limit(millis);
            default -> nonsense();
        };
    }

    private String pick(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String named(String name) {
        return switch (random.nextInt(3)) {
            case 0 -> name;
            case 1 -> name.toUpperCase(Locale.ROOT);
            default -> Character.toUpperCase(name.charAt(0)) + name.substring(1);
        };
    }

    private String cased(String text) {
        return random.nextBoolean() ? text : text.toUpperCase(Locale.ROOT);
    }

    private Member header(String name, String value, long millis) {
        List<String> headers = new ArrayList<>();
        headers.add(name + ":" + " ".repeat(random.nextInt(3)) + value + " ".repeat(random.nextInt(2)));
        if (random.nextInt(4) == 0) {
            headers.add("x-ratelimit-reset-tokens: 1d");
        }
        return new Member(millis, "", headers);
    }

    /** Seconds as a plain number, or a wait with units. */
    private String text(long millis) {
        return random.nextBoolean() ? seconds(millis) : units(millis);
    }

    private static String seconds(long millis) {
        return BigDecimal.valueOf(millis, 3).stripTrailingZeros().toPlainString();
    }

    private String units(long millis) {
        String space = random.nextBoolean() ? "" : " ";
        return cased(
                switch (random.nextInt(4)) {
                    case 0 -> millis + space + pick("ms", "millisecond", "milliseconds", "msecs");
                    case 1 -> seconds(millis) + space + pick("s", "sec", "secs", "second", "seconds");
                    case 2 -> millis / 60_000 + "m" + space + seconds(millis % 60_000) + "s";
                    default ->
                        millis / 3_600_000 + "h" + space + millis / 60_000 % 60 + "m" + space + seconds(millis % 60_000)
                                + "s";
                });
    }

    private String words(long millis) {
        return pick("Slow down. ", "Limit 3, used 3. ")
                + pick("Please try again in ", "Retry after ", "retry in ")
                + units(millis)
                + pick("", ".", " please");
    }

    private Member date(long seconds) {
        ZonedDateTime then = NOW.plusSeconds(seconds).atZone(ZoneOffset.UTC);
        String form = DATES.get(random.nextInt(DATES.size()));
        String date = DateTimeFormatter.ofPattern(form, Locale.ENGLISH).format(then);
        return new Member(seconds * 1_000, "", List.of(now(), named("retry-after") + ": " + date));
    }

    private static String now() {
        return "Date: " + DateTimeFormatter.RFC_1123_DATE_TIME.format(NOW.atZone(ZoneOffset.UTC));
    }

    private static String error(String fields) {
        return "{\"error\":{" + fields + "}}";
    }

    private Member body(long millis) {
        String field = switch (random.nextInt(4)) {
            case 0 -> "\"" + pick("retry_after_ms", "retryAfterMs") + "\":" + millis;
            case 1 -> "\"" + pick("retry_after", "retryAfter", "retry_after_seconds") + "\":" + seconds(millis);
            case 2 -> "\"" + pick("retry_after", "retryAfter") + "\" : \"" + text(millis) + "\"";
            default -> "\"details\":[{\"n\":[]},{\"retryDelay\":\"" + seconds(millis) + "s\"}]";
        };
        boolean within = random.nextBoolean() || field.startsWith("\"details");
        String message = "\"message\":\"slow\"";
        return new Member(
                millis,
                within ? error(message + "," + field) : "{\"error\":{" + message + "}," + field + "}",
                List.of());
    }

    private Member limit(long millis) {
        if (random.nextInt(3) == 0) {
            String header = named(pick("ratelimit-reset", "x-ratelimit-reset")) + ": ";
            String epoch = pick(
                    String.valueOf(NOW.plusMillis(millis).toEpochMilli()),
                    seconds(NOW.plusMillis(millis).toEpochMilli()));
            return new Member(millis, "", List.of(now(), header + (random.nextBoolean() ? epoch : seconds(millis))));
        }
        boolean tokens = random.nextBoolean();
        String used = tokens ? "tokens" : "requests";
        String left = tokens ? "requests" : "tokens";
        return new Member(
                millis,
                "",
                List.of(
                        "x-ratelimit-remaining-" + used + ": 0",
                        "x-ratelimit-remaining-" + left + ": " + (1 + random.nextInt(1_000)),
                        "x-ratelimit-reset-" + left + ": " + units(random.nextInt(5_000_000)),
                        "x-ratelimit-reset-" + used + ": " + units(millis)));
    }

    private Member nonsense() {
        int number = 1 + random.nextInt(1_000);
        String value = pick(
                "-" + number,
                "-" + number + "ms",
                "NaN",
                "Infinity",
                number + 3_650 + "d",
                number + "e" + (10 + number),
                number + "x",
                number + " fortnights",
                "Thu, 01 Jan " + (1970 + number % 50) + " 00:00:00 GMT",
                "soon");
        return new Member(-1, "", List.of(named(pick("retry-after", "retry-after-ms")) + ": " + value));
    }
}
