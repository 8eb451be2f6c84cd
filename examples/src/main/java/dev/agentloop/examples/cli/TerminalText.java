package dev.agentloop.examples.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * Text and numbers as a person reads them in a terminal. What the model, a file or a server wrote must not move the cursor
 * or hide what is about to be approved, so its control characters are shown as escapes.
 */
final class TerminalText {
    private TerminalText() {}

    /** The text with control characters shown, line breaks and tabs kept. */
    static String of(String text) {
        return escaped(text, "\n\t");
    }

    /** The text in one line. */
    static String line(String text) {
        return escaped(text.strip(), "");
    }

    /** The text in one line of at most {@code most} characters. */
    static String line(String text, int most) {
        String line = line(text);
        return line.length() <= most ? line : line.substring(0, most - 1) + "…";
    }

    private static String escaped(String text, String kept) {
        StringBuilder shown = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean harmless = !Character.isISOControl(c) && Character.getType(c) != Character.FORMAT;
            if (harmless || kept.indexOf(c) >= 0) {
                shown.append(c);
            } else {
                shown.append(c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : hexadecimal(c));
            }
        }
        return shown.toString();
    }

    private static String hexadecimal(char c) {
        return String.format(Locale.ROOT, "\\u%04x", (int) c);
    }

    /** A word as a POSIX shell takes it. */
    static String shellWord(String word) {
        return word.matches("[A-Za-z0-9_./:=@%+,-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    /** A time, such as {@code 0.3 s} or {@code 2 min 5 s}. */
    static String time(Duration time) {
        if (time.toMinutes() > 0) {
            return time.toMinutes() + " min " + time.toSecondsPart() + " s";
        }
        return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
    }

    /** A point in time, to the second, in UTC. */
    static String instant(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** A number with its thousands apart. */
    static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A part of a whole in per cent, rounded down, so that 100 % means all of it. */
    static String percent(long part, long whole) {
        return (whole == 0 ? 0 : part * 100 / whole) + " %";
    }
}
