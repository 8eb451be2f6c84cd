package dev.agentloop.cli.events;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a shell command went, taken from what the model is told of it.
 *
 * @param ending such as {@code exit 1}
 * @param printed what it printed, as far as the model sees it
 * @param total how many lines it printed
 * @param kept whether all of them are in the log; the middle of a very long output is nowhere
 */
record CommandReport(String ending, List<String> printed, long total, boolean kept) {
    private static final String CUT = "Warning: truncated output";
    private static final String ABORTED = "aborted by user after ";
    private static final String OUTPUT = "\nOutput:\n";
    private static final Pattern EXIT = Pattern.compile("Exit code: (-?\\d+)\n.*", Pattern.DOTALL);
    private static final Pattern LINES = Pattern.compile("^Total output lines: (\\d{1,18})$", Pattern.MULTILINE);
    private static final Pattern TIMED_OUT =
            Pattern.compile("command timed out after (\\d{1,15}) milliseconds\n?(.*)", Pattern.DOTALL);

    /** Reads it; null where this is no command's output. */
    static @Nullable CommandReport of(String output) {
        String text = output;
        long whole = -1;
        if (text.startsWith(CUT) && text.contains("\n\n")) {
            int begin = text.indexOf("\n\n");
            whole = lines(text.substring(0, begin));
            text = text.substring(begin + 2);
        }
        int at = text.indexOf(OUTPUT);
        String head = at < 0 ? text : text.substring(0, at);
        String printed = at < 0 ? "" : text.substring(at + OUTPUT.length());
        String ending = ending(head + "\n");
        if (ending == null) {
            return null;
        }
        Matcher timedOut = TIMED_OUT.matcher(printed);
        if (timedOut.matches()) {
            ending += ", its " + timedOut.group(1) + " ms were up";
            printed = timedOut.group(2);
        }
        List<String> all = new ArrayList<>(printed.lines().toList());
        all.removeIf(String::isBlank);
        long said = lines(head);
        long counted = printed.lines().count();
        long headLines = head.lines().count() + 1;
        return new CommandReport(ending, all, said >= 0 ? said : whole >= 0 ? whole - headLines : counted, said < 0);
    }

    private static @Nullable String ending(String head) {
        Matcher exit = EXIT.matcher(head);
        if (exit.matches()) {
            return "exit " + exit.group(1);
        }
        return head.startsWith(ABORTED) ? head.substring(0, head.indexOf('\n')) : null;
    }

    private static long lines(String head) {
        Matcher lines = LINES.matcher(head);
        return lines.find() ? Long.parseLong(lines.group(1)) : -1;
    }

    /** The last lines that are not blank. */
    List<String> last(int most) {
        return printed.subList(Math.max(0, printed.size() - most), printed.size());
    }

    /** Whether it ended as it should. */
    boolean good() {
        return ending.equals("exit 0");
    }
}
