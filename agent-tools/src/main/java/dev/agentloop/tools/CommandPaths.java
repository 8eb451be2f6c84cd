package dev.agentloop.tools;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * Follows paths the way the kernel does: link by link, {@code ..} meaning the parent of where the links led.
 *
 * <p>What is found holds until somebody else changes the folders; that race is not closed here.
 */
final class CommandPaths {
    private static final int MAX_LINKS = 40;

    private final Path workspace;

    /** @param workspace a folder that exists */
    CommandPaths(Path workspace) throws IOException {
        this.workspace = workspace.toRealPath();
    }

    /** Whether {@code real}, a path without links, lies in the workspace. */
    boolean contains(Path real) {
        return real.startsWith(workspace);
    }

    /** Whether {@code argument}, used in {@code directory}, stays in the workspace. */
    boolean inside(Path directory, String argument) {
        return resolve(directory, argument).filter(this::contains).isPresent();
    }

    /**
     * Where {@code argument} leads from {@code directory}, whether there is something or not.
     *
     * @param directory a path without links
     * @return a path without links, or empty if the argument is no path or its links go round in circles
     */
    static Optional<Path> resolve(Path directory, String argument) {
        try {
            Path path = directory.getFileSystem().getPath(argument);
            Deque<Path> names = new ArrayDeque<>();
            path.forEach(names::add);
            return follow(path.isAbsolute() ? path.getRoot() : directory, names);
        } catch (InvalidPathException | IOException e) {
            return Optional.empty();
        }
    }

    private static Optional<Path> follow(Path start, Deque<Path> names) throws IOException {
        Path place = start;
        int links = 0;
        while (!names.isEmpty()) {
            Path name = names.pop();
            if (name.toString().equals("..")) {
                place = place.getParent() == null ? place : place.getParent();
                continue;
            }
            if (name.toString().isEmpty() || name.toString().equals(".")) {
                continue;
            }
            Path next = place.resolve(name);
            if (!Files.isSymbolicLink(next)) {
                place = next;
                continue;
            }
            if (++links > MAX_LINKS) {
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
}
