package dev.agentloop.tools.internal.edit;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.edit.Patch.Add;
import dev.agentloop.tools.internal.edit.Patch.Chunk;
import dev.agentloop.tools.internal.edit.Patch.ChunkLine;
import dev.agentloop.tools.internal.edit.Patch.Delete;
import dev.agentloop.tools.internal.edit.Patch.FilePatch;
import dev.agentloop.tools.internal.edit.Patch.Kind;
import dev.agentloop.tools.internal.edit.Patch.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads Codex's patch format. An error names the line, counting from one in the text as it was given.
 *
 * <p>Lenient as Codex is: blank space around the whole and around headers, a shell's heredoc around the patch, CRLF,
 * a first chunk without {@code @@}, an empty line for an empty line that stays, an environment's id before the files
 * (which is passed over). Beyond Codex: several {@code @@} lines
 * in a row, each narrowing where the chunk is, and a move without changes; the grammar allows both.
 */
final class PatchParser {
    /** The format as a Lark grammar, for models that write a tool's input by a grammar. */
    static final String GRAMMAR = """
            start: begin file+ end
            begin: "*** Begin Patch" LF
            end: "*** End Patch" LF?

            file: add | delete | update
            add: "*** Add File: " path LF added+
            delete: "*** Delete File: " path LF
            update: "*** Update File: " path LF move? changes?

            move: "*** Move to: " path LF
            changes: (context | line)+ end_of_file?
            context: ("@@" | "@@ " /(.+)/) LF
            line: ("+" | "-" | " ") /(.*)/ LF
            end_of_file: "*** End of File" LF

            added: "+" /(.*)/ LF
            path: /(.+)/

            %import common.LF
            """;

    private static final String BEGIN = "*** Begin Patch";
    private static final String END = "*** End Patch";
    private static final String ENVIRONMENT = "*** Environment ID:";
    private static final String ADD = "*** Add File:";
    private static final String DELETE = "*** Delete File:";
    private static final String UPDATE = "*** Update File:";
    private static final String MOVE = "*** Move to:";
    private static final String END_OF_FILE = "*** End of File";
    private static final Pattern HEREDOC = Pattern.compile("(?:apply_patch\\s+)?<<-?\\s*(['\"]?)(\\w+)\\1");

    private final List<String> lines;
    private int at;
    private int end;

    private PatchParser(List<String> lines) {
        this.lines = lines;
        this.end = lines.size();
    }

    /**
     * Parses a patch.
     *
     * @throws Refusal if it is none, naming the line
     */
    static Patch parse(String text) throws Refusal {
        return new PatchParser(text.lines().toList()).patch();
    }

    private Patch patch() throws Refusal {
        skipBlank();
        unwrapHeredoc();
        if (!line().strip().equals(BEGIN)) {
            throw error(at, "the first line of a patch is '" + BEGIN + "', not '" + line() + "'");
        }
        while (end > at && lines.get(end - 1).isBlank()) {
            end--;
        }
        String last = lines.get(end - 1).strip();
        if (!last.equals(END)) {
            throw error(end - 1, "the last line of a patch is '" + END + "', not '" + last + "'");
        }
        end--;
        at++;
        skipBlank();
        argument(ENVIRONMENT);
        List<FilePatch> files = new ArrayList<>();
        for (skipBlank(); at < end; skipBlank()) {
            files.add(file());
        }
        if (files.isEmpty()) {
            throw error(at, "the patch changes no file");
        }
        return new Patch(List.copyOf(files));
    }

    private void unwrapHeredoc() {
        Matcher heredoc = HEREDOC.matcher(line().strip());
        if (!heredoc.matches()) {
            return;
        }
        for (int i = end - 1; i > at; i--) {
            if (lines.get(i).strip().equals(heredoc.group(2))) {
                end = i;
                at++;
                skipBlank();
                return;
            }
        }
    }

    private void skipBlank() {
        while (at < end && lines.get(at).isBlank()) {
            at++;
        }
    }

    /** The line at hand, empty behind the last one. */
    private String line() {
        return at < end ? lines.get(at) : "";
    }

    private FilePatch file() throws Refusal {
        int start = at;
        String path = argument(ADD);
        if (path != null) {
            return new Add(path, content());
        }
        path = argument(DELETE);
        if (path != null) {
            return new Delete(path);
        }
        path = argument(UPDATE);
        if (path != null) {
            return update(path, start);
        }
        throw error(
                start,
                "'" + line().strip() + "' begins no file; a file begins with '" + ADD + " PATH', '" + DELETE
                        + " PATH' or '" + UPDATE + " PATH'");
    }

    /** Takes the line at hand if it has a header, and answers what follows that; null if it has not. */
    private @Nullable String argument(String header) throws Refusal {
        String line = line().strip();
        if (!line.startsWith(header)) {
            return null;
        }
        String path = line.substring(header.length()).strip();
        if (path.isEmpty()) {
            throw error(at, "'" + header + "' without " + (header.equals(ENVIRONMENT) ? "an id" : "a path"));
        }
        at++;
        return path;
    }

    private String content() {
        StringBuilder content = new StringBuilder();
        for (; line().startsWith("+"); at++) {
            content.append(line(), 1, line().length()).append('\n');
        }
        return content.toString();
    }

    private Update update(String path, int start) throws Refusal {
        String movedTo = argument(MOVE);
        List<Chunk> chunks = new ArrayList<>();
        for (skipBlank(); at < end && !line().startsWith("***"); skipBlank()) {
            chunks.add(chunk(chunks.isEmpty()));
        }
        if (chunks.isEmpty() && movedTo == null) {
            throw error(start, "the update of '" + path + "' changes nothing");
        }
        return new Update(path, movedTo, List.copyOf(chunks));
    }

    private Chunk chunk(boolean first) throws Refusal {
        int start = at;
        List<String> contexts = new ArrayList<>();
        for (; line().stripTrailing().equals("@@") || line().startsWith("@@ "); at++) {
            String context = line().length() > 3 ? line().substring(3) : "";
            if (!context.isBlank()) {
                contexts.add(context);
            }
        }
        if (at == start && !first) {
            throw error(at, "a chunk begins with '@@', not '" + line() + "'");
        }
        List<ChunkLine> changed = new ArrayList<>();
        for (ChunkLine next = chunkLine(); next != null; next = chunkLine()) {
            changed.add(next);
            at++;
        }
        if (changed.isEmpty()) {
            throw error(
                    at,
                    at < end && !line().startsWith("***")
                            ? "'" + line()
                                    + "' begins neither with ' ' (the line stays), '-' (it goes) nor '+' (it comes)"
                            : "a chunk without lines");
        }
        boolean endsFile = line().stripTrailing().equals(END_OF_FILE);
        if (endsFile) {
            at++;
        }
        return new Chunk(List.copyOf(contexts), List.copyOf(changed), endsFile);
    }

    /** The line at hand as one of a chunk, null if it is none. */
    private @Nullable ChunkLine chunkLine() {
        if (at >= end) {
            return null;
        }
        String line = line();
        if (line.isEmpty()) {
            return new ChunkLine(Kind.KEPT, "");
        }
        return switch (line.charAt(0)) {
            case ' ' -> new ChunkLine(Kind.KEPT, line.substring(1));
            case '-' -> new ChunkLine(Kind.REMOVED, line.substring(1));
            case '+' -> new ChunkLine(Kind.ADDED, line.substring(1));
            default -> null;
        };
    }

    private static Refusal error(int index, String message) {
        return new Refusal("invalid patch: line " + (index + 1) + ": " + message);
    }
}
