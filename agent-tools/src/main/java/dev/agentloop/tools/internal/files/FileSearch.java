package dev.agentloop.tools.internal.files;

import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.workspace.OpenFolder;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * One search through the text files below a folder, bounded in time and memory: binary files are left out, a file is
 * read line by line, a very long line is searched in its beginning. Belongs to one thread.
 */
final class FileSearch {
    /** As many bytes of a line as are searched. */
    static final int LINE_LIMIT = 1 << 20;

    /** A file with a match. */
    record Hit(Path path, FileTime modified) {}

    /** A line with a match, the number counting from one. */
    record Line(long number, String text) {}

    private final Workspace workspace;
    private final Pattern pattern;
    private final Deadline deadline;
    private int unreadable;
    private int longLines;
    private boolean timedOut;

    FileSearch(Workspace workspace, Pattern pattern, Deadline deadline) {
        this.workspace = workspace;
        this.pattern = pattern;
        this.deadline = deadline;
    }

    /**
     * Searches a file, or every file below a folder.
     *
     * @param include which files, by their path from that folder
     * @return those with a match, the newest first; what was found so far when the time ran out
     */
    List<Hit> files(String start, Predicate<String> include) throws IOException {
        List<Hit> hits = new ArrayList<>();
        FileTree tree = new FileTree(
                (folder, name, path, attributes) -> {
                    List<Line> found = new ArrayList<>();
                    if (include.test(path)) {
                        scan(folder, name, 1, found);
                    }
                    if (!found.isEmpty()) {
                        hits.add(new Hit(folder.path().resolve(name), attributes.lastModifiedTime()));
                    }
                },
                deadline);
        try {
            tree.visit(workspace, start);
        } catch (Deadline.Passed e) {
            timedOut = true;
        }
        unreadable = tree.unreadable();
        hits.sort(Comparator.comparing(Hit::modified).reversed().thenComparing(Hit::path));
        return hits;
    }

    /** The matching lines of a file that was found, at most so many; none if it is no longer there. */
    List<Line> lines(Hit hit, int most) throws IOException {
        List<Line> found = new ArrayList<>();
        try (ResolvedPath resolved = workspace.resolve(hit.path())) {
            BasicFileAttributes attributes = resolved.attributes();
            if (attributes != null && attributes.isRegularFile()) {
                scan(resolved.folder(), resolved.name(), most, found);
            }
        } catch (Deadline.Passed e) {
            timedOut = true;
        }
        return found;
    }

    /** How many files and folders could not be read. */
    int unreadable() {
        return unreadable;
    }

    /** How many lines were so long that only their beginning was searched. */
    int longLines() {
        return longLines;
    }

    /** Whether the time ran out before everything was searched. */
    boolean timedOut() {
        return timedOut;
    }

    private void scan(OpenFolder folder, Path name, int most, List<Line> found) throws IOException {
        try (LineReader lines = LineReader.of(Channels.newInputStream(folder.read(name)), LINE_LIMIT, deadline)) {
            if (lines.binary()) {
                return;
            }
            for (long number = 1; found.size() < most && lines.next(); number++) {
                if (number % 1000 == 1) {
                    deadline.check();
                }
                if (lines.kept() < lines.length()) {
                    longLines++;
                }
                String line = new String(lines.bytes(), 0, lines.kept(), StandardCharsets.UTF_8);
                if (matches(line)) {
                    found.add(new Line(number, line));
                }
            }
        }
    }

    private boolean matches(String line) throws Refusal {
        try {
            return pattern.matcher(deadline.over(line)).find();
        } catch (StackOverflowError e) {
            throw new Refusal("the pattern nests too deeply for a line of " + line.length() + " characters", e);
        }
    }
}
