package dev.agentloop.cli.log;

import dev.agentloop.cli.terminal.TerminalText;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Prints the lines of a log: the version in front, and long texts cut unless they are wanted whole. */
final class LogLines {
    private static final int WIDTH = 160;
    private static final int HEIGHT = 12;
    private static final String MARGIN = " ".repeat(8);

    private final PrintStream out;
    private final boolean full;

    LogLines(PrintStream out, boolean full) {
        this.out = out;
        this.full = full;
    }

    /** Whether texts are printed whole. */
    boolean full() {
        return full;
    }

    /** One line about an entry. */
    void line(long version, String text) {
        out.println(number(version) + TerminalText.line(text));
    }

    /** One line about an entry that belongs to what was said before it. */
    void detail(long version, String text) {
        out.println(number(version) + "  " + TerminalText.line(text));
    }

    /** More about the entry that was told of last. */
    void more(String text) {
        out.println(MARGIN + "  " + TerminalText.line(text));
    }

    /** One line that is about no entry. */
    void line(String text) {
        out.println(MARGIN + TerminalText.line(text));
    }

    private static String number(long version) {
        return String.format(Locale.ROOT, "%6d  ", version);
    }

    /** What somebody said or gave, behind a word or two of who and what. */
    void text(long version, String label, String text) {
        List<String> lines = TerminalText.of(text.stripTrailing()).lines().toList();
        boolean cut = !full && (lines.size() > HEIGHT || lines.stream().anyMatch(line -> line.length() > WIDTH));
        String first = lines.isEmpty() ? "" : lines.get(0);
        boolean inline = lines.size() < 2;
        out.println(number(version) + "  " + TerminalText.line(label) + ":" + (inline ? " " + shown(first) : ""));
        if (!inline) {
            lines.stream()
                    .limit(full ? Long.MAX_VALUE : HEIGHT)
                    .forEach(line -> out.println(MARGIN + "    " + shown(line)));
        }
        if (cut) {
            out.println(MARGIN + "    [" + TerminalText.number(text.length()) + " characters; --full prints them all]");
        }
    }

    private String shown(String line) {
        return full ? line : TerminalText.cut(line, WIDTH);
    }
}
