package dev.agentloop.tools.internal.files;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import java.util.ArrayList;
import java.util.List;

/** Alternatives in braces, {@code *.{ts,tsx}}, which globs of search tools have and ignore files do not. */
final class Braces {
    private static final int MOST = 1000;

    private Braces() {}

    /**
     * Writes the alternatives out. Braces that are not closed, or escaped, are ordinary characters.
     *
     * @throws Refusal if there are too many
     */
    static List<String> expand(String glob) throws Refusal {
        List<String> done = new ArrayList<>();
        List<String> open = new ArrayList<>(List.of(glob));
        while (!open.isEmpty()) {
            String next = open.remove(open.size() - 1);
            int start = find(next, 0, "{");
            int end = start < 0 ? -1 : closing(next, start);
            if (end < 0) {
                done.add(next);
            } else {
                for (String choice : choices(next, start, end)) {
                    open.add(next.substring(0, start) + choice + next.substring(end + 1));
                }
            }
            if (done.size() + open.size() > MOST) {
                throw ToolArguments.failed("`include` has more than " + MOST + " alternatives");
            }
        }
        return done;
    }

    private static List<String> choices(String glob, int start, int end) {
        List<String> choices = new ArrayList<>();
        int from = start + 1;
        int depth = 0;
        for (int i = find(glob, from, "{},"); i <= end; i = find(glob, i + 1, "{},")) {
            char c = glob.charAt(i);
            if (depth == 0 && (c == ',' || i == end)) {
                choices.add(glob.substring(from, i));
                from = i + 1;
            }
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (i == end) {
                break;
            }
        }
        return choices;
    }

    private static int closing(String glob, int start) {
        int depth = 0;
        for (int i = start; i >= 0; i = find(glob, i + 1, "{}")) {
            depth += glob.charAt(i) == '{' ? 1 : -1;
            if (depth == 0) {
                return i;
            }
        }
        return -1;
    }

    /** The next of some characters that is not escaped, or -1. */
    private static int find(String glob, int from, String wanted) {
        for (int i = from; i < glob.length(); i++) {
            if (glob.charAt(i) == '\\') {
                i++;
            } else if (wanted.indexOf(glob.charAt(i)) >= 0) {
                return i;
            }
        }
        return -1;
    }
}
