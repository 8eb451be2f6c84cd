package dev.agentloop.tools.internal.command;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A command that walks through folders: whether its walk stays in the workspace.
 *
 * <p>Where the program is known to follow no links below the place where it begins, that place decides. Of another one
 * it is not known, so the links below are looked at first: none of them may lead out. Not thread-safe.
 */
final class CommandDescent {
    /** A tree with more entries than this is not looked through. */
    private static final int MAX_ENTRIES = 10_000;

    private static final Pattern GREP = Pattern.compile("-[^-]*[dRr].*|--(dir|rec|deref).*");
    private static final Pattern LS = Pattern.compile("-[^-]*R.*|--rec.*");

    private final CommandPaths paths;
    private final boolean followsNoLinks;

    /** @param followsNoLinks whether the program is known not to follow the links that it meets */
    CommandDescent(CommandPaths paths, boolean followsNoLinks) {
        this.paths = paths;
        this.followsNoLinks = followsNoLinks;
    }

    /** Whether a command may walk through folders, in doubt so. */
    static boolean isIn(String name, List<String> words) {
        return switch (name) {
            case "find", "rg" -> true;
            case "grep" -> words.stream().anyMatch(word -> GREP.matcher(word).matches());
            case "ls" -> words.stream().anyMatch(word -> LS.matcher(word).matches());
            default -> false;
        };
    }

    /** Whether the walk from {@code argument}, used in {@code directory}, reads in the workspace only. */
    boolean stays(Path directory, String argument) {
        Optional<Path> start = CommandPaths.resolve(directory, argument).filter(paths::mayWalk);
        return start.isPresent() && (followsNoLinks || linksStayInside(start.get()));
    }

    private boolean linksStayInside(Path start) {
        Deque<Path> open = new ArrayDeque<>(List.of(start));
        Set<Path> seen = new HashSet<>(open);
        while (!open.isEmpty()) {
            Path place = open.pop();
            if (!Files.isDirectory(place, LinkOption.NOFOLLOW_LINKS)) {
                continue;
            }
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(place)) {
                for (Path entry : entries) {
                    Optional<Path> real = Files.isSymbolicLink(entry)
                            ? CommandPaths.resolve(place, place.relativize(entry))
                                    .filter(paths::mayWalk)
                            : Optional.of(entry);
                    if (real.isEmpty() || seen.size() >= MAX_ENTRIES) {
                        return false;
                    }
                    if (seen.add(real.get())) {
                        open.push(real.get());
                    }
                }
            } catch (IOException | DirectoryIteratorException e) {
                return false;
            }
        }
        return true;
    }
}
