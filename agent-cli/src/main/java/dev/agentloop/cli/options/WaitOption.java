package dev.agentloop.cli.options;

import dev.agentloop.cli.terminal.UsageException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The option --wait: how long to wait for a server that cannot be reached. */
public final class WaitOption {
    /** As long as the user does. */
    public static final Duration FOR_EVER = Duration.ofDays(36_500);

    private static final Duration MOST = Duration.ofDays(365);
    private static final Pattern FORM = Pattern.compile("(\\d{1,9})([smh])");

    private WaitOption() {}

    /**
     * Reads a time such as {@code 30s}, {@code 10m} or {@code 2h}; 0 is not to wait.
     *
     * @throws UsageException if it is none
     */
    static Duration parse(String value) {
        if (value.equals("0")) {
            return Duration.ZERO;
        }
        Matcher form = FORM.matcher(value);
        Duration time = form.matches() ? time(Long.parseLong(form.group(1)), form.group(2)) : MOST.plusDays(1);
        if (time.compareTo(MOST) > 0) {
            throw new UsageException(
                    "--wait needs a time such as 30s, 10m or 2h, at most a year, not \"" + value + "\"");
        }
        return time;
    }

    private static Duration time(long number, String unit) {
        return switch (unit) {
            case "s" -> Duration.ofSeconds(number);
            case "m" -> Duration.ofMinutes(number);
            default -> Duration.ofHours(number);
        };
    }

    /** A time as this option takes it. */
    public static String shown(Duration time) {
        long seconds = time.toSeconds();
        if (seconds % 3_600 == 0 && seconds > 0) {
            return seconds / 3_600 + "h";
        }
        return seconds % 60 == 0 && seconds > 0 ? seconds / 60 + "m" : seconds + "s";
    }
}
