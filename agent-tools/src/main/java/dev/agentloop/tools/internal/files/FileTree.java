package dev.agentloop.tools.internal.files;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.workspace.Fence;
import dev.agentloop.tools.internal.workspace.OpenFolder;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * A walk through the regular files below a folder, without those that git ignores.
 *
 * It goes over open folders and follows no link. What .gitignore files and .git/info/exclude name is left out, as is
 * .git itself, and what is fenced; the rules of the folders between the root and the start count too. Ignore files above a root and the
 * user's own are not read: they lie outside of the workspace. A folder that cannot be read is counted, not fatal.
 */
final class FileTree {
    private static final int IGNORE_FILE_LIMIT = 1 << 20;
    private static final int MAX_DEPTH = 200;

    /** Told about each file. */
    interface Visitor {
        /**
         * Looks at a file.
         *
         * @param folder the open folder that holds it, valid during the call
         * @param path from the start of the walk, with {@code /} between elements
         */
        void file(OpenFolder folder, Path name, String path, BasicFileAttributes attributes) throws IOException;
    }

    private final Visitor visitor;
    private final Deadline deadline;
    private String start = "";
    private Fence.@Nullable Sight fence;
    private int unreadable;

    FileTree(Visitor visitor, Deadline deadline) {
        this.visitor = visitor;
        this.deadline = deadline;
    }

    /** Visits one file, or every file below a folder, in the order of their names. */
    void visit(Workspace workspace, String path) throws IOException {
        fence = workspace.fence();
        Path real = workspace.real(path);
        Path root = workspace.roots().around(real);
        Path below = root.relativize(real);
        boolean isRoot = real.equals(root);
        descend(
                workspace.roots().open(root),
                isRoot ? List.<Path>of().iterator() : below.iterator(),
                "",
                IgnoreRules.NONE);
    }

    /** How many files and folders could not be read. */
    int unreadable() {
        return unreadable;
    }

    /** Goes down to the start, gathering the rules on the way, and closes every folder it opened. */
    private void descend(OpenFolder folder, Iterator<Path> names, String path, IgnoreRules above) throws IOException {
        try (folder) {
            if (!names.hasNext()) {
                start = path;
                walk(folder, path, above, 0);
                return;
            }
            Path name = names.next();
            BasicFileAttributes attributes = folder.attributes(name);
            if (attributes != null && attributes.isDirectory()) {
                IgnoreRules rules = rules(folder, folder.names(), path, above);
                descend(folder.folder(name), names, path + PathText.text(name) + "/", rules);
            } else if (attributes != null && attributes.isRegularFile()) {
                start = path;
                visitor.file(folder, name, PathText.text(name), attributes);
            }
        }
    }

    private void walk(OpenFolder folder, String path, IgnoreRules above, int depth) throws IOException {
        deadline.check();
        List<Path> names = folder.names();
        IgnoreRules rules = rules(folder, names, path, above);
        names.sort(Comparator.naturalOrder());
        for (Path name : names) {
            BasicFileAttributes attributes = folder.attributes(name);
            String entry = path + PathText.text(name);
            if (attributes == null
                    || isGit(name)
                    || closed(folder, name, attributes)
                    || rules.ignores(entry, attributes.isDirectory())) {
                continue;
            }
            if (attributes.isRegularFile()) {
                tolerant(() -> visitor.file(folder, name, entry.substring(start.length()), attributes));
            } else if (attributes.isDirectory() && depth < MAX_DEPTH) {
                tolerant(() -> {
                    try (OpenFolder inner = folder.folder(name)) {
                        walk(inner, entry + "/", rules, depth + 1);
                    }
                });
            }
        }
    }

    /** A step that may fail without ending the walk. */
    private interface Step {
        void run() throws IOException;
    }

    private void tolerant(Step step) throws IOException {
        try {
            step.run();
        } catch (ClosedByInterruptException | Refusal e) {
            throw e;
        } catch (IOException e) {
            unreadable++;
        }
    }

    private boolean closed(OpenFolder folder, Path name, BasicFileAttributes attributes) {
        return fence != null && fence.closes(folder.path().resolve(name), attributes);
    }

    private static boolean isGit(Path name) {
        return name.toString().equals(".git");
    }

    private static IgnoreRules rules(OpenFolder folder, List<Path> names, String path, IgnoreRules above)
            throws IOException {
        IgnoreRules rules = above;
        FileSystem files = folder.path().getFileSystem();
        for (Path file : List.of(files.getPath(".git", "info", "exclude"), files.getPath(".gitignore"))) {
            if (names.contains(file.getName(0))) {
                rules = rules.plus(path, text(folder, file));
            }
        }
        return rules;
    }

    /** The text of a small file some folders below; empty if there is none, or a link on the way, as git has it. */
    private static String text(OpenFolder folder, Path path) throws IOException {
        Path name = path.getName(0);
        BasicFileAttributes attributes = folder.attributes(name);
        if (attributes == null) {
            return "";
        }
        if (path.getNameCount() > 1) {
            if (!attributes.isDirectory()) {
                return "";
            }
            try (OpenFolder inner = folder.folder(name)) {
                return text(inner, path.subpath(1, path.getNameCount()));
            }
        }
        if (!attributes.isRegularFile()) {
            return "";
        }
        try (InputStream in = Channels.newInputStream(folder.read(name))) {
            return new String(in.readNBytes(IGNORE_FILE_LIMIT), StandardCharsets.UTF_8);
        }
    }
}
