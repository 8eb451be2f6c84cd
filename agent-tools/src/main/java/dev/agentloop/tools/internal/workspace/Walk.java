package dev.agentloop.tools.internal.workspace;

import dev.agentloop.tools.internal.call.Refusal;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * One walk along a path. Outside of the roots nothing is opened or asked: the walk is there in name only, until the
 * name it has reached is a root. Inside, every folder on the way is held open, so that ".." is the folder it came
 * through and nobody can replace it.
 */
final class Walk {
    /** As many links in one path as Linux follows. */
    private static final int MAX_LINKS = 40;

    private static final String IN_GIT = "the file tools do not write inside .git, since what lies there (hooks, "
            + "configuration) makes git run commands; use git itself through the shell";
    private static final String ABOVE_FENCE =
            "the file tools do not change it, since the agent's own records are kept below it";

    private final Roots roots;
    private final String text;
    private final boolean toTheEnd;
    private final Deque<Path> pending = new ArrayDeque<>();
    private final Deque<OpenFolder> open = new ArrayDeque<>();
    private final List<Path> missing = new ArrayList<>();
    private Path outside;
    private final Fence.Sight fence;
    private @Nullable String guard;
    private int links;
    private @Nullable String lastLink;
    private ResolvedPath.@Nullable Entry entry;

    Walk(Roots roots, Fence.Sight fence, String text, Path target, boolean toTheEnd) throws IOException {
        this.roots = roots;
        this.text = text;
        this.toTheEnd = toTheEnd;
        this.fence = fence;
        this.outside = target.getRoot();
        try {
            queue(target);
            enter();
            while (!pending.isEmpty()) {
                step(pending.remove());
            }
            if (open.isEmpty()) {
                throw refusedOutside();
            }
        } catch (IOException e) {
            closeAll();
            throw Refusal.about(text, e);
        }
    }

    /** The entry that the walk has reached. */
    ResolvedPath resolved() throws IOException {
        ResolvedPath.Entry reached = entry;
        if (reached == null) {
            closeAll();
            throw new Refusal(text + ": is a directory, not a file; list_dir shows what is in it");
        }
        return new ResolvedPath(text, guard, keepLast(), missing, reached);
    }

    /** The folder that the walk has reached. */
    OpenFolder openFolder() throws IOException {
        if (entry == null) {
            return keepLast();
        }
        try (ResolvedPath resolved = resolved()) {
            BasicFileAttributes attributes = resolved.attributes();
            if (attributes == null) {
                throw new Refusal(text + ": no such directory" + resolved.nearNames());
            }
            if (!attributes.isDirectory()) {
                throw new Refusal(text + ": is not a directory");
            }
            return resolved.folder().folder(resolved.name());
        } catch (IOException e) {
            throw Refusal.about(text, e);
        }
    }

    /** The absolute path, free of links, of the file or folder that the walk has reached. */
    Path real() throws IOException {
        if (entry == null) {
            try (OpenFolder folder = keepLast()) {
                return folder.path();
            }
        }
        try (ResolvedPath resolved = resolved()) {
            if (!resolved.exists()) {
                throw new Refusal(text + ": no such file or directory" + resolved.nearNames());
            }
            return resolved.path();
        }
    }

    private void queue(Path path) {
        List<Path> names = new ArrayList<>();
        path.forEach(element -> {
            if (!element.toString().isEmpty() && !element.toString().equals(".")) {
                names.add(element);
            }
        });
        for (int i = names.size() - 1; i >= 0; i--) {
            pending.push(names.get(i));
        }
    }

    private void step(Path element) throws IOException {
        boolean up = element.toString().equals("..");
        if (open.isEmpty()) {
            stepOutside(element, up);
        } else if (!up) {
            stepInside(element);
        } else if (missing.isEmpty()) {
            leave();
        } else {
            throw new Refusal(text + ": no such directory: " + FileNames.shown(missing.get(0)));
        }
    }

    private void stepOutside(Path element, boolean up) throws IOException {
        if (!up) {
            outside = outside.resolve(element);
        } else if (outside.getParent() != null) {
            outside = outside.getParent();
        }
        enter();
    }

    /** Opens the root whose name the walk has reached, if it is one. */
    private void enter() throws IOException {
        Path root = roots.at(outside);
        if (root == null) {
            return;
        }
        if (roots.outermost().contains(root)) {
            open.push(roots.open(root));
        } else {
            // Another name of a folder in a root: go there by its real path.
            outside = root.getRoot();
            queue(root);
        }
    }

    private void leave() throws IOException {
        try (OpenFolder left = open.pop()) {
            if (open.isEmpty()) {
                Path parent = left.path().getParent();
                outside = parent == null ? left.path() : parent;
                enter();
            }
        }
    }

    private void stepInside(Path written) throws IOException {
        Path element = written;
        boolean last = pending.isEmpty();
        OpenFolder folder = open.element();
        BasicFileAttributes found = missing.isEmpty() ? folder.attributes(element) : null;
        if (found == null && missing.isEmpty()) {
            Path other = FileNames.inOtherForm(folder, element);
            if (other != null) {
                element = other;
                found = folder.attributes(other);
            }
        }
        guard(element, found, last);
        if (found != null && found.isSymbolicLink() && (toTheEnd || !last)) {
            follow(folder, element);
        } else if (last) {
            entry = new ResolvedPath.Entry(element, found);
        } else if (found == null) {
            missing.add(element);
        } else if (found.isDirectory()) {
            open.push(folder.folder(element));
        } else {
            throw new Refusal(text + ": " + FileNames.shown(element) + " is not a directory");
        }
    }

    private void guard(Path element, @Nullable BasicFileAttributes found, boolean last) throws Refusal {
        Path reached = open.element().path();
        for (Path name : missing) {
            reached = reached.resolve(name);
        }
        reached = reached.resolve(element);
        if (fence.closes(reached, found)) {
            throw new Refusal(text + ": " + roots.shown(reached)
                    + " is closed to the file tools, since the agent's own records are kept there");
        }
        if (isGit(element)) {
            guard = IN_GIT;
        } else if (last && guard == null && fence.leadsTo(reached, found)) {
            guard = ABOVE_FENCE;
        }
    }

    private void follow(OpenFolder folder, Path element) throws IOException {
        if (++links > MAX_LINKS) {
            throw new Refusal(text + ": more than " + MAX_LINKS + " symbolic links, probably a loop");
        }
        Path target = folder.link(element);
        lastLink = roots.shown(folder.path().resolve(element)) + " -> " + FileNames.shown(target);
        queue(target);
        if (target.isAbsolute()) {
            closeAll();
            outside = target.getRoot();
            enter();
        }
    }

    private Refusal refusedOutside() {
        String how = lastLink == null ? "" : " through the symbolic link " + lastLink;
        return new Refusal(text + ": leads out of the workspace" + how + "; the file tools work inside " + roots.shown()
                + " only");
    }

    private static boolean isGit(Path element) {
        String name = element.toString();
        return name.equalsIgnoreCase(".git") || name.equalsIgnoreCase("git~1");
    }

    private OpenFolder keepLast() throws IOException {
        OpenFolder last = open.pop();
        closeAll();
        return last;
    }

    private void closeAll() throws IOException {
        for (Iterator<OpenFolder> folders = open.iterator(); folders.hasNext(); ) {
            folders.next().close();
            folders.remove();
        }
    }
}
