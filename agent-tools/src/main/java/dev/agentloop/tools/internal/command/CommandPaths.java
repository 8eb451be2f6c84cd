package dev.agentloop.tools.internal.command;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.workspace.Fence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Follows paths the way the kernel does: link by link, {@code ..} meaning the parent of where the links led.
 *
 * <p>A path that passes through {@code /proc} or {@code /dev} leads nowhere here. What is found there depends on who
 * looks: {@code /proc/self/cwd} is another folder for the command than for this JVM.
 *
 * <p>What is found holds until somebody else changes the folders; that race is not closed here.
 */
final class CommandPaths {
    private static final int MAX_LINKS = 40;

    /** Folders whose content the kernel makes up for each process that looks. */
    private static final List<Path> OF_THE_KERNEL = List.of(Path.of("/proc"), Path.of("/dev"));

    private final Path workspace;
    private final Fence.Sight fence;

    /**
     * @param workspace a folder that exists
     * @param fence what no command may read, although it lies there
     */
    CommandPaths(Path workspace, Fence.Sight fence) throws IOException {
        this.workspace = workspace.toRealPath();
        this.fence = fence;
    }

    /** Whether {@code real}, a path without links, lies in the workspace. */
    boolean contains(Path real) {
        return real.startsWith(workspace);
    }

    /** Whether a command may read {@code real}, a path without links: it lies in the workspace and in nothing fenced. */
    boolean mayRead(Path real) {
        if (!contains(real)) {
            return false;
        }
        for (Path at = real; at != null && at.startsWith(workspace); at = at.getParent()) {
            if (fence.closes(at)) {
                return false;
            }
        }
        return true;
    }

    /** Whether a command may read all that lies below {@code real}, a path without links. */
    boolean mayWalk(Path real) {
        return mayRead(real) && !fence.leadsTo(real);
    }

    /** Whether {@code argument}, used in {@code directory}, is something that a command may read. */
    boolean inside(Path directory, String argument) {
        return resolve(directory, argument).filter(this::mayRead).isPresent();
    }

    /**
     * Where {@code argument} leads from {@code directory}, whether there is something or not.
     *
     * @param directory a path without links
     * @return a path without links, or empty if the argument is no path, its links go round in circles, or it passes
     *     through a folder of the kernel's
     */
    static Optional<Path> resolve(Path directory, String argument) {
        try {
            return resolve(directory, PathText.path(directory.getFileSystem(), argument));
        } catch (InvalidPathException e) {
            return Optional.empty();
        }
    }

    /** Where a path leads from {@code directory}, as {@link #resolve(Path, String)}. */
    static Optional<Path> resolve(Path directory, Path path) {
        try {
            Deque<Path> names = new ArrayDeque<>();
            path.forEach(names::add);
            return follow(path.isAbsolute() ? path.getRoot() : directory, names);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<Path> follow(Path start, Deque<Path> names) throws IOException {
        Path place = start;
        int links = 0;
        while (!names.isEmpty()) {
            Path name = names.pop();
            if (name.toString().isEmpty() || name.toString().equals(".")) {
                continue;
            }
            Path next = step(place, name);
            if (OF_THE_KERNEL.contains(next)) {
                return Optional.empty();
            }
            if (!Files.isSymbolicLink(next)) {
                place = next;
                continue;
            }
            if (++links > MAX_LINKS || isMadeUp(place)) {
                return Optional.empty();
            }
            Path target = Files.readSymbolicLink(next);
            place = target.isAbsolute() ? target.getRoot() : place;
            for (int i = target.getNameCount() - 1; i >= 0; i--) {
                names.push(target.getName(i));
            }
        }
        return Optional.of(place);
    }

    private static Path step(Path place, Path name) {
        if (!name.toString().equals("..")) {
            return place.resolve(name);
        }
        return place.getParent() == null ? place : place.getParent();
    }

    /** Whether the links of {@code folder} are those of processes: {@code proc} may be mounted elsewhere, too. */
    private static boolean isMadeUp(Path folder) {
        try {
            return Files.getFileStore(folder).type().equals("proc");
        } catch (IOException e) {
            // The system hides what is mounted; then the names of the folders must do.
            return false;
        }
    }
}
