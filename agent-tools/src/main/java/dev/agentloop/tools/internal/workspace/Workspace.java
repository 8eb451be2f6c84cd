package dev.agentloop.tools.internal.workspace;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.Refusal;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/**
 * The folders that the file tools may touch, and the only way from a path to a file in them.
 *
 * <p>A path is relative to the first root, or absolute. It is walked element by element on open folders. Symbolic
 * links are followed by hand: one that leads to a place inside the roots is as good as that place, one that leads out
 * is refused, whenever it was created. {@code ..} means the parent of the folder that was really reached, as it does
 * for the operating system. Immutable; safe for use by several threads.
 */
public final class Workspace {
    private final Roots roots;
    private final Fence fence;

    private Workspace(Roots roots, Fence fence) {
        this.roots = roots;
        this.fence = fence;
    }

    /**
     * Takes folders as roots, the first one being where relative paths start.
     *
     * @throws IllegalArgumentException if a root is not an existing folder
     */
    public static Workspace of(List<Path> folders) {
        return of(folders, true);
    }

    /** As {@link #of(List)}; a test may ask for the fallback of platforms without secure directory streams. */
    public static Workspace of(List<Path> folders, boolean secure) {
        return new Workspace(Roots.of(folders, secure), new Fence(List.of()));
    }

    /** Where relative paths start: the real path of the first root. */
    public Path base() {
        return roots.base();
    }

    /** The folders, and how paths in them are named. */
    public Roots roots() {
        return roots;
    }

    /** This workspace with relative paths starting elsewhere in it. */
    public Workspace from(Path folder) {
        return new Workspace(roots.from(folder), fence);
    }

    /**
     * This workspace less some files and folders in it, which are neither read nor changed.
     *
     * @param places they need not exist, nor lie in a root
     * @throws IllegalArgumentException if a root lies in one of them
     */
    public Workspace fenced(Collection<Path> places) {
        Fence more = fence.plus(places);
        for (Path root : roots.outermost()) {
            Path around = more.around(root);
            if (around != null) {
                throw new IllegalArgumentException("the workspace root " + root + " lies in " + around
                        + ", which is closed to the file tools; keep records such as conversations in a folder of"
                        + " their own");
            }
        }
        return new Workspace(roots, more);
    }

    /** What is closed to the tools, as of now. */
    public Fence.Sight fence() {
        return fence.look();
    }

    /** Walks a path to its end, following links. */
    public ResolvedPath resolve(String path) throws IOException {
        return walk(path, true).resolved();
    }

    /** Walks a path that was found, whose name may be no text. */
    public ResolvedPath resolve(Path path) throws IOException {
        return new Walk(roots, fence(), FileNames.shown(path), base().resolve(path), true).resolved();
    }

    /** Walks a path, and stays on the link if the last element is one. */
    public ResolvedPath entry(String path) throws IOException {
        return walk(path, false).resolved();
    }

    /** Opens a folder. */
    public OpenFolder folder(String path) throws IOException {
        return walk(path, true).openFolder();
    }

    /** The absolute path, free of links, of something that exists. */
    public Path real(String path) throws IOException {
        return walk(path, true).real();
    }

    private Walk walk(String path, boolean toTheEnd) throws IOException {
        if (path.isBlank()) {
            throw new Refusal("the path is empty");
        }
        Path target;
        try {
            target = base().resolve(PathText.path(base().getFileSystem(), path));
        } catch (InvalidPathException e) {
            throw new Refusal(FileNames.shown(path) + ": not a valid path: " + PathText.problem(e), e);
        }
        return new Walk(roots, fence(), FileNames.shown(path), target, toTheEnd);
    }
}
