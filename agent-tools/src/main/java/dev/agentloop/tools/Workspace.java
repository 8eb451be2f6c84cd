package dev.agentloop.tools;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The folders that the file tools may touch, and the only way from a path to a file in them.
 *
 * <p>A path is relative to the first root, or absolute. It is walked element by element on open folders. Symbolic
 * links are followed by hand: one that leads to a place inside the roots is as good as that place, one that leads out
 * is refused, whenever it was created. {@code ..} means the parent of the folder that was really reached, as it does
 * for the operating system. Immutable; safe for use by several threads.
 */
final class Workspace {
    private final Path base;
    private final List<Path> roots;
    private final Map<Path, Path> aliases;
    private final boolean secure;
    private final Fence fence;

    private Workspace(Path base, List<Path> roots, Map<Path, Path> aliases, boolean secure, Fence fence) {
        this.base = base;
        this.roots = roots;
        this.aliases = aliases;
        this.secure = secure;
        this.fence = fence;
    }

    /**
     * Takes folders as roots, the first one being where relative paths start.
     *
     * @throws IllegalArgumentException if a root is not an existing folder
     */
    static Workspace of(List<Path> folders) {
        return of(folders, true);
    }

    /** As {@link #of(List)}; a test may ask for the fallback of platforms without secure directory streams. */
    static Workspace of(List<Path> folders, boolean secure) {
        List<Path> real = new ArrayList<>();
        Map<Path, Path> aliases = new LinkedHashMap<>();
        for (Path folder : folders) {
            Path root = realFolder(folder);
            real.add(root);
            aliases.put(folder.toAbsolutePath().normalize(), root);
        }
        // A root inside another one adds nothing, and by its path it could be replaced by a link.
        List<Path> outermost = real.stream()
                .distinct()
                .filter(root -> real.stream().noneMatch(other -> !other.equals(root) && root.startsWith(other)))
                .collect(Collectors.toUnmodifiableList());
        return new Workspace(real.get(0), outermost, aliases, secure, new Fence(List.of()));
    }

    private static Path realFolder(Path folder) {
        try {
            Path real = folder.toRealPath();
            if (!PathText.canBeWritten(real)) {
                throw new IllegalArgumentException("workspace root " + Names.shown(folder)
                        + " has a name that cannot be written as text; rename it, or start this program in a locale of"
                        + " its encoding");
            }
            if (Files.isDirectory(real)) {
                return real;
            }
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    "workspace root cannot be opened: " + Names.shown(folder) + PathText.hint(folder), e);
        }
        throw new IllegalArgumentException("workspace root is not a directory: " + Names.shown(folder));
    }

    /** Where relative paths start: the real path of the first root. */
    Path base() {
        return base;
    }

    /** The real paths of the roots, none of them inside another. */
    List<Path> roots() {
        return roots;
    }

    /** This workspace with relative paths starting elsewhere in it. */
    Workspace from(Path folder) {
        return new Workspace(folder, roots, aliases, secure, fence);
    }

    /**
     * This workspace less some files and folders in it, which are neither read nor changed.
     *
     * @param places they need not exist, nor lie in a root
     * @throws IllegalArgumentException if a root lies in one of them
     */
    Workspace fenced(Collection<Path> places) {
        Fence more = fence.plus(places);
        for (Path root : roots) {
            Path around = more.around(root);
            if (around != null) {
                throw new IllegalArgumentException("the workspace root " + root + " lies in " + around
                        + ", which is closed to the file tools; keep records such as conversations in a folder of"
                        + " their own");
            }
        }
        return new Workspace(base, roots, aliases, secure, more);
    }

    /** What is closed to the tools, as of now. */
    Fence.Sight fence() {
        return fence.look();
    }

    /** Walks a path to its end, following links. */
    Place place(String path) throws IOException {
        return walk(path, true).place();
    }

    /** Walks a path that was found, whose name may be no text. */
    Place place(Path path) throws IOException {
        return new Walk(this, Names.shown(path), base.resolve(path), true).place();
    }

    /** Walks a path, and stays on the link if the last element is one. */
    Place entry(String path) throws IOException {
        return walk(path, false).place();
    }

    /** Opens a folder. */
    Folder folder(String path) throws IOException {
        return walk(path, true).openFolder();
    }

    /** The absolute path, free of links, of something that exists. */
    Path real(String path) throws IOException {
        return walk(path, true).real();
    }

    /** The root that an absolute path free of links lies in. */
    Path rootOf(Path path) {
        return roots.stream().filter(path::startsWith).findFirst().orElseThrow();
    }

    private Walk walk(String path, boolean toTheEnd) throws IOException {
        if (path.isBlank()) {
            throw new Refusal("the path is empty");
        }
        Path target;
        try {
            target = base.resolve(PathText.path(base.getFileSystem(), path));
        } catch (InvalidPathException e) {
            throw new Refusal(Names.shown(path) + ": not a valid path: " + PathText.problem(e), e);
        }
        return new Walk(this, Names.shown(path), target, toTheEnd);
    }

    /** The root at exactly this path, be it written as the host wrote it or without links; null if there is none. */
    @Nullable
    Path rootAt(Path path) {
        return aliases.containsKey(path) ? aliases.get(path) : roots.contains(path) ? path : null;
    }

    boolean isRoot(Path path) {
        return roots.contains(path);
    }

    Folder open(Path root) throws IOException {
        Folder folder = secure ? SecureFolder.open(root) : null;
        return folder != null ? folder : CheckedFolder.open(root);
    }

    /** How a path inside the workspace is written in an answer: relative to the base where it lies below it. */
    String shown(Path path) {
        return Names.shown(path.startsWith(base) && !path.equals(base) ? base.relativize(path) : path);
    }

    /** The roots, for an answer. */
    String shownRoots() {
        return roots.stream().map(Names::shown).collect(Collectors.joining(", "));
    }
}
