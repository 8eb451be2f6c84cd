package dev.agentloop.cli.terminal;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/**
 * Text and numbers as a person reads them in a terminal. What the model, a file or a server wrote must not move the cursor
 * or hide what is about to be approved, so its control characters, and those that cannot be seen, are shown as escapes.
 */
public final class TerminalText {
    /** Says that the symbol before it is to be drawn in colours, as models write warnings; a second one is hidden text. */
    private static final int EMOJI = 0xFE0F;

    private TerminalText() {}

    /** The text with control and invisible characters shown, line breaks and tabs kept. */
    public static String of(String text) {
        return escaped(text, "\n\t");
    }

    /** The text in one line. */
    public static String line(String text) {
        return escaped(text.strip(), "");
    }

    /** The line, or so much of its beginning that it has {@code most} characters together with the sign that says so. */
    public static String cut(String line, int most) {
        if (line.length() <= most) {
            return line;
        }
        int end = most - 1;
        return line.substring(0, Character.isHighSurrogate(line.charAt(end - 1)) ? end - 1 : end) + "…";
    }

    /** The same, cut before a word where one begins in the last third. */
    public static String cutAtWord(String line, int most) {
        if (line.length() <= most) {
            return line;
        }
        int space = line.lastIndexOf(' ', most - 2);
        return space > most * 2 / 3 ? line.substring(0, space) + " …" : cut(line, most);
    }

    /** How many columns of a terminal the character takes. */
    static int columns(int codePoint) {
        int type = Character.getType(codePoint);
        if (type == Character.NON_SPACING_MARK || type == Character.ENCLOSING_MARK) {
            return 0;
        }
        return isWide(codePoint) ? 2 : 1;
    }

    // Ideographs, kana and syllables, their punctuation and full-width forms, and pictures.
    private static boolean isWide(int c) {
        return isIn(c, 0x1100, 0x115F)
                || isIn(c, 0x2E80, 0xA4CF)
                || isIn(c, 0xAC00, 0xD7A3)
                || isIn(c, 0xF900, 0xFAFF)
                || isIn(c, 0xFE30, 0xFE6F)
                || isIn(c, 0xFF00, 0xFF60)
                || isIn(c, 0xFFE0, 0xFFE6)
                || isIn(c, 0x1F300, 0x1F64F)
                || isIn(c, 0x1F680, 0x1F6FF)
                || isIn(c, 0x1F900, 0x1F9FF)
                || isIn(c, 0x20000, 0x3FFFD);
    }

    private static String escaped(String text, String kept) {
        StringBuilder shown = new StringBuilder(text.length());
        int before = 0;
        for (int c : text.codePoints().toArray()) {
            if (kept.indexOf(c) >= 0
                    || isVisible(c)
                    || c == EMOJI && Character.getType(before) == Character.OTHER_SYMBOL) {
                shown.appendCodePoint(c);
            } else {
                shown.append(c == '\n' ? "\\n" : c == '\t' ? "\\t" : c == '\r' ? "\\r" : hexadecimal(c));
            }
            before = c;
        }
        return shown.toString();
    }

    /** Whether a person sees that the character is there, and a terminal does nothing but show it. */
    static boolean isVisible(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR -> false;
            default -> !isBlankOrIgnored(codePoint);
        };
    }

    // Letters and marks without a shape of their own, and what Unicode has renderers ignore, also where it is not
    // assigned.
    private static boolean isBlankOrIgnored(int c) {
        return switch (c) {
            case 0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x2800, 0x3164, 0xFFA0 -> true;
            default ->
                isIn(c, 0x180B, 0x180F)
                        || isIn(c, 0xFE00, 0xFE0F)
                        || isIn(c, 0xFFF0, 0xFFF8)
                        || isIn(c, 0xE0000, 0xE0FFF);
        };
    }

    private static boolean isIn(int c, int first, int last) {
        return c >= first && c <= last;
    }

    // As in Java and JSON, so that a line of JSON means the same afterwards.
    private static String hexadecimal(int codePoint) {
        StringBuilder escape = new StringBuilder();
        for (char unit : Character.toChars(codePoint)) {
            escape.append(String.format(Locale.ROOT, "\\u%04x", (int) unit));
        }
        return escape.toString();
    }

    /** A word as a POSIX shell takes it; all of it can be seen, and be typed. */
    public static String shellWord(String word) {
        if (word.matches("[A-Za-z0-9_./:=@%+,-]+")) {
            return word;
        }
        return word.codePoints().allMatch(TerminalText::isVisible)
                ? "'" + word.replace("'", "'\\''") + "'"
                : "\"$(printf '" + octal(word) + "')\"";
    }

    private static String octal(String word) {
        StringBuilder bytes = new StringBuilder();
        for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '/';
            bytes.append(plain ? String.valueOf((char) b) : String.format(Locale.ROOT, "\\%03o", b & 0xFF));
        }
        return bytes.toString();
    }

    /** A time, such as {@code 0.3 s} or {@code 2 min 5 s}. */
    public static String time(Duration time) {
        if (time.toMinutes() > 0) {
            return time.toMinutes() + " min " + time.toSecondsPart() + " s";
        }
        return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
    }

    /** A point in time, to the second, in UTC. */
    public static String instant(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    /** A number with its thousands apart. */
    public static String number(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    /** A part of a whole in per cent, rounded down, so that 100 % means all of it. */
    public static String percent(long part, long whole) {
        return (whole == 0 ? 0 : part * 100 / whole) + " %";
    }
}
