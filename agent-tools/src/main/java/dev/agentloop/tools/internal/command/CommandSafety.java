package dev.agentloop.tools.internal.command;

import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.workspace.Fence;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Judges a command line before it runs, as Codex does: known to be safe, or not.
 *
 * <p>A line is safe if it is plain ({@link CommandLine}), each of its commands is known to change nothing
 * ({@link CommandTable}), and each path that it names stays in the workspace, links followed. Git is not on the list:
 * its configuration and hooks run programs. The judgement is about what is on the disk now; it is not kept.
 *
 * <p>Immutable and thread-safe.
 */
public final class CommandSafety {
    /** More places than this that a line may have gone to by {@code cd} are not kept apart. */
    private static final int MAX_DIRECTORIES = 16;

    private static final Set<String> BUILTINS = Set.of("cd", "echo", "false", "pwd", "true");

    private final Path workspace;
    private final Supplier<Fence.Sight> fence;
    private final CommandPrograms programs;

    /**
     * @param fence what no command reads without a question, although it lies in the workspace
     * @param shell what commands will be run by
     * @param environment what they will be run with; its {@code PATH} says which programs the names stand for
     */
    public CommandSafety(Path workspace, Supplier<Fence.Sight> fence, Path shell, Map<String, String> environment) {
        this.workspace = workspace;
        this.fence = fence;
        programs = new CommandPrograms(shell, environment);
    }

    /** Whether {@code command}, run in {@code directory}, is known to change nothing and to read in the workspace only. */
    public boolean isSafe(String command, Path directory) {
        return allows(command, directory, (words, folders) -> false);
    }

    /** Which commands are fine although they are not known to be safe. */
    interface Others {
        /**
         * Whether a command is.
         *
         * @param directories where it may be run, by what was run before it
         */
        boolean allow(List<String> words, Set<Path> directories);
    }

    /** Whether each command of a line is known to be safe or is one of the others; only a plain line can be. */
    boolean allows(String command, Path directory, Others others) {
        CommandLine line = CommandLine.parse(command);
        try {
            return line.plain()
                    && allows(line, directory.toRealPath(), new CommandPaths(workspace, fence.get()), others);
        } catch (IOException | InvalidPathException e) {
            // A folder that is not there cannot vouch for anything.
            return false;
        }
    }

    private boolean allows(CommandLine line, Path directory, CommandPaths paths, Others others) {
        if (!paths.mayRead(directory)) {
            return false;
        }
        // A cd may have failed or happened in a pipe of its own, so each later word must be fine in all of these.
        Set<Path> directories = new HashSet<>(Set.of(directory));
        for (List<String> command : line.commands()) {
            boolean safe = command.get(0).equals("cd")
                    ? follow(command, directories, paths)
                    : isSafe(command, directories, paths) || others.allow(command, directories);
            if (!safe) {
                return false;
            }
        }
        return true;
    }

    private boolean isSafe(List<String> command, Set<Path> directories, CommandPaths paths) {
        String name = command.get(0);
        List<String> words = command.subList(1, command.size());
        if (!BUILTINS.contains(name) && !programs.areOutside(name, paths)) {
            return false;
        }
        if (!CommandDescent.isIn(name, words)) {
            return directories.stream()
                    .allMatch(directory -> CommandTable.allows(name, words, word -> paths.inside(directory, word)));
        }
        CommandDescent descent = new CommandDescent(paths, programs.followNoLinks(name));
        // Which words are where it begins is not looked into; without any it is the folder itself.
        return directories.stream()
                .allMatch(directory -> descent.stays(directory, ".")
                        && CommandTable.allows(name, words, word -> descent.stays(directory, word)));
    }

    /** Adds where a {@code cd} leads to, if the way has no links: there shell and kernel agree on {@code ..}. */
    private static boolean follow(List<String> command, Set<Path> directories, CommandPaths paths) {
        if (command.size() != 2 || command.get(1).isEmpty() || command.get(1).startsWith("-")) {
            return false;
        }
        for (Path directory : List.copyOf(directories)) {
            Optional<Path> target = CommandPaths.resolve(directory, command.get(1));
            if (target.isEmpty()
                    || !paths.mayRead(target.get())
                    || !target.get()
                            .equals(directory
                                    .resolve(PathText.path(directory.getFileSystem(), command.get(1)))
                                    .normalize())) {
                return false;
            }
            directories.add(target.get());
        }
        return directories.size() <= MAX_DIRECTORIES;
    }
}
