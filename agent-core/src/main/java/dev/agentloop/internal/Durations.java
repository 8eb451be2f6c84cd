package dev.agentloop.internal;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Checks the times that a host sets, so that an odd one is refused where it is set and not where it is first used. */
public final class Durations {
    /** The least of a setting that must be above zero. */
    public static final Duration MILLISECOND = Duration.ofMillis(1);

    /** The most of a setting that has no closer bound: can be counted in nanoseconds, and added to any clock. */
    public static final Duration YEAR = Duration.ofDays(365);

    private Durations() {}

    /**
     * The value, if it is within the bounds.
     *
     * @param setting the name of the setting as its host wrote it, such as {@code Limits.time}
     * @param least the shortest time allowed
     * @param most the longest time allowed
     * @throws IllegalArgumentException if it is null, shorter or longer; the text names setting, value and bounds
     */
    public static Duration checked(String setting, @Nullable Duration value, Duration least, Duration most) {
        if (value == null || value.compareTo(least) < 0 || value.compareTo(most) > 0) {
            String advice = value == null || value.compareTo(YEAR) <= 0
                    ? ""
                    : "; instead of a time without an end, set a long one within these bounds";
            throw new IllegalArgumentException(
                    setting + " must be from " + shown(least) + " to " + shown(most) + ", but is " + value + advice);
        }
        return value;
    }

    /** A time in the largest unit that divides it, from milliseconds to days, such as {@code 90 s}. */
    public static String shown(Duration time) {
        long seconds = time.getSeconds();
        if (time.getNano() % 1_000_000 != 0 || Math.abs(seconds) > Long.MAX_VALUE / 1_000 - 1) {
            return time.toString();
        }
        if (time.getNano() != 0) {
            return time.toMillis() + " ms";
        }
        if (seconds == 0) {
            return "0 s";
        }
        if (seconds % 86_400 == 0) {
            return seconds == 86_400 ? "1 day" : seconds / 86_400 + " days";
        }
        return seconds % 3_600 == 0 ? seconds / 3_600 + " h" : seconds + " s";
    }
}
