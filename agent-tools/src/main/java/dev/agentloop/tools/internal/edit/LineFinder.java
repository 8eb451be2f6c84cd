package dev.agentloop.tools.internal.edit;

import java.text.Normalizer;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Finds lines in a file at four levels, each a little more forgiving, as Codex does: as they are; without blank space
 * at their ends; without it at both sides; and with Unicode dashes, quotes and spaces taken for their ASCII kin, and
 * letters with accents in either Unicode form (which Codex does not do). A better level anywhere in the file goes before a worse one nearer by. Belongs to one thread.
 */
final class LineFinder {
    private enum Level {
        EXACT,
        END_STRIPPED,
        STRIPPED,
        ASCII;

        List<String> of(List<String> lines) {
            return lines.stream().map(this::of).toList();
        }

        private String of(String line) {
            return switch (this) {
                case EXACT -> line;
                case END_STRIPPED -> line.stripTrailing();
                case STRIPPED -> line.strip();
                case ASCII -> toAscii(line);
            };
        }
    }

    private final List<String> lines;
    private final Map<Level, List<String>> forms = new EnumMap<>(Level.class);

    LineFinder(List<String> lines) {
        this.lines = lines;
    }

    /**
     * The index at which the lines begin, or -1.
     *
     * @param from the first index that may be answered
     * @param atEnd whether the end of the file is tried first
     */
    int find(List<String> wanted, int from, boolean atEnd) {
        int last = lines.size() - wanted.size();
        if (wanted.isEmpty()) {
            return from;
        }
        if (atEnd && last >= from) {
            int found = find(wanted, last, last);
            if (found >= 0) {
                return found;
            }
        }
        return find(wanted, from, last);
    }

    private int find(List<String> wanted, int from, int to) {
        for (Level level : Level.values()) {
            List<String> form = level.of(wanted);
            List<String> file = forms.computeIfAbsent(level, key -> key.of(lines));
            for (int i = from; i <= to; i++) {
                if (agreeing(file, i, form) == form.size()) {
                    return i;
                }
            }
        }
        return -1;
    }

    /** How many lines agree, counting from the first. */
    private static int agreeing(List<String> file, int index, List<String> wanted) {
        int count = 0;
        while (count < wanted.size()
                && index + count < file.size()
                && file.get(index + count).equals(wanted.get(count))) {
            count++;
        }
        return count;
    }

    /** What the file has instead of lines that were not found, as far as that helps to repair the patch. */
    String hint(List<String> wanted, int from) {
        int earlier = find(wanted, 0, false);
        if (earlier >= 0) {
            return "\n(they are at line " + (earlier + 1) + ", before line " + (from + 1)
                    + " where the search begins; chunks go from the top of a file to its bottom)";
        }
        List<String> form = Level.ASCII.of(wanted);
        List<String> file = forms.computeIfAbsent(Level.ASCII, key -> key.of(lines));
        int best = 0;
        int where = 0;
        for (int i = 0; i < file.size(); i++) {
            int count = agreeing(file, i, form);
            if (count > best && !form.subList(0, count).stream().allMatch(String::isEmpty)) {
                best = count;
                where = i;
            }
        }
        if (best == 0) {
            return "";
        }
        int differs = where + best;
        String there =
                differs < lines.size() ? "line " + (differs + 1) + " is: " + lines.get(differs) : "there the file ends";
        return "\n(the first " + best + " of these " + wanted.size() + " lines are at line " + (where + 1) + ", but "
                + there + ")";
    }

    private static String toAscii(String line) {
        StringBuilder text = new StringBuilder(line.length());
        for (int i = 0; i < line.length(); i++) {
            text.append(toAscii(line.charAt(i)));
        }
        return Normalizer.normalize(text, Normalizer.Form.NFC).strip();
    }

    private static char toAscii(char c) {
        if ((c >= '\u2010' && c <= '\u2015') || c == '\u2212') {
            return '-';
        }
        if (c >= '\u2018' && c <= '\u201B') {
            return '\'';
        }
        if (c >= '\u201C' && c <= '\u201F') {
            return '"';
        }
        boolean space =
                c == '\u00A0' || (c >= '\u2002' && c <= '\u200A') || c == '\u202F' || c == '\u205F' || c == '\u3000';
        return space ? ' ' : c;
    }
}
