package dev.agentloop.tools.internal.edit;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.edit.Patch.Chunk;
import dev.agentloop.tools.internal.edit.Patch.ChunkLine;
import dev.agentloop.tools.internal.edit.Patch.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * The text of one file while the chunks of a patch are applied to it.
 *
 * <p>Chunks are found from the top to the bottom of the file. Lines that stay keep what the file has, blank space
 * included, even if the patch writes them a little differently; lines that come get the line ending of their
 * neighbour; a file without a final line break stays without one, unless its last line goes and one that stays, with its
 * line break, comes last.
 */
final class PatchedText {
    private record Line(String text, String ending) {}

    private record Edit(int start, int length, List<ChunkLine> lines) {}

    private final String path;
    private final List<Line> lines = new ArrayList<>();
    private final LineFinder finder;
    private final List<Edit> edits = new ArrayList<>();
    private int cursor;

    private PatchedText(String path, String text) {
        this.path = path;
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            boolean crlf = end > start && text.charAt(end - 1) == '\r';
            lines.add(new Line(text.substring(start, crlf ? end - 1 : end), crlf ? "\r\n" : "\n"));
            start = end + 1;
        }
        if (start < text.length()) {
            lines.add(new Line(text.substring(start), ""));
        }
        this.finder = new LineFinder(lines.stream().map(Line::text).toList());
    }

    /**
     * Applies chunks to a text.
     *
     * @param path the file, for errors
     * @throws Refusal if a chunk is not found
     */
    static String apply(String path, String text, List<Chunk> chunks) throws Refusal {
        PatchedText file = new PatchedText(path, text);
        for (Chunk chunk : chunks) {
            file.locate(chunk);
        }
        return file.render();
    }

    private void locate(Chunk chunk) throws Refusal {
        for (String context : chunk.contexts()) {
            int found = finder.find(List.of(context), cursor, false);
            if (found < 0) {
                throw new Refusal(
                        "Failed to find context '" + context + "' in " + path + finder.hint(List.of(context), cursor));
            }
            cursor = found + 1;
        }
        List<ChunkLine> wanted = chunk.lines();
        List<String> old = old(wanted);
        if (old.isEmpty()) {
            edits.add(new Edit(chunk.contexts().isEmpty() ? lines.size() : cursor, 0, wanted));
            return;
        }
        int found = finder.find(old, cursor, chunk.endsFile());
        if (found < 0 && old.get(old.size() - 1).isEmpty()) {
            wanted = withoutLastEmptyLine(wanted);
            found = finder.find(old(wanted), cursor, chunk.endsFile());
        }
        if (found < 0) {
            throw new Refusal("Failed to find expected lines in " + path + ":\n" + String.join("\n", old)
                    + finder.hint(old, cursor));
        }
        int length = old(wanted).size();
        edits.add(new Edit(found, length, wanted));
        cursor = found + length;
    }

    private static List<String> old(List<ChunkLine> lines) {
        return lines.stream().filter(ChunkLine::isOld).map(ChunkLine::text).toList();
    }

    /**
     * Leaves out the empty line that a chunk ends its old lines with: a model often takes the final line break for a
     * line. Where it stands before lines that come, it comes with them.
     */
    private static List<ChunkLine> withoutLastEmptyLine(List<ChunkLine> lines) {
        List<ChunkLine> shorter = new ArrayList<>(lines);
        int last = shorter.size() - 1;
        while (!shorter.get(last).isOld()) {
            last--;
        }
        ChunkLine dropped = shorter.remove(last);
        int tail = shorter.size() - 1;
        boolean newEndsEmpty = tail >= last && shorter.get(tail).text().isEmpty();
        if (dropped.kind() == Kind.KEPT && tail >= last) {
            shorter.add(last, new ChunkLine(Kind.ADDED, ""));
            tail++;
        }
        if (newEndsEmpty) {
            shorter.remove(tail);
        }
        return shorter;
    }

    private String render() {
        List<Line> result = new ArrayList<>();
        String ending = lines.isEmpty() || lines.get(0).ending().isEmpty()
                ? "\n"
                : lines.get(0).ending();
        int next = 0;
        for (Edit edit : inFileOrder()) {
            while (next < edit.start()) {
                result.add(lines.get(next));
                ending = endingOf(lines.get(next++), ending);
            }
            for (ChunkLine line : edit.lines()) {
                if (line.isOld()) {
                    Line old = lines.get(next++);
                    ending = endingOf(old, ending);
                    if (line.isNew()) {
                        result.add(old);
                    }
                } else {
                    result.add(new Line(line.text(), ending));
                }
            }
        }
        result.addAll(lines.subList(next, lines.size()));
        return join(result, ending);
    }

    /** Chunks are found in order, but lines without a place go to the end. */
    private List<Edit> inFileOrder() {
        List<Edit> ordered = new ArrayList<>(edits);
        ordered.sort((a, b) -> Integer.compare(a.start(), b.start()));
        return ordered;
    }

    private static String endingOf(Line line, String otherwise) {
        return line.ending().isEmpty() ? otherwise : line.ending();
    }

    private String join(List<Line> result, String ending) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < result.size() - 1; i++) {
            text.append(result.get(i).text()).append(endingOf(result.get(i), ending));
        }
        if (!result.isEmpty()) {
            Line last = result.get(result.size() - 1);
            text.append(last.text()).append(isOpen() && !stays(last) ? "" : last.ending());
        }
        return text.toString();
    }

    /** Whether the file has no final line break; then a line that comes to its end gets none, but one that stays keeps its own. */
    private boolean isOpen() {
        return !lines.isEmpty() && lines.get(lines.size() - 1).ending().isEmpty();
    }

    private boolean stays(Line line) {
        return lines.stream().anyMatch(old -> old == line);
    }
}
