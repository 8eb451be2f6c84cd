package dev.agentloop.tools.internal.command;

import dev.agentloop.internal.ProcessTree;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The programs that the names in a command stand for, found by the {@code PATH} as the shell finds them.
 *
 * <p>A name says little about a program: {@code grep} may be GNU's, or a link to BusyBox, which holds a hundred
 * programs in one file and follows other links. Immutable and thread-safe.
 */
final class CommandPrograms {
    /** What stands in the file of a program whose walks are known to follow no links. */
    private static final Map<String, String> KNOWN =
            Map.of("find", "GNU findutils", "grep", "GNU grep", "ls", "GNU coreutils", "rg", "ripgrep");

    /** What stands in the file of a program that only looks like one of these. */
    private static final List<String> ALIKE = List.of("BusyBox", "Toybox", "toybox", "uucore", "uutils");

    private static final String ELF = "\u007FELF";
    private static final long LARGEST = 64 << 20;

    private final Path shell;
    private final Map<String, String> environment;

    CommandPrograms(Path shell, Map<String, String> environment) {
        this.shell = shell;
        this.environment = Map.copyOf(environment);
    }

    /**
     * Whether no program of that name lies where the tools of the agent can write, anywhere on the path: where one cannot
     * be executed, a shell continues to the next. A relative folder on the path may be any folder, so that with one no
     * program is known.
     */
    boolean areOutside(String name, CommandPaths paths) {
        if (name.indexOf('/') >= 0) {
            return false;
        }
        // An empty entry is the folder that the command runs in, also at the end.
        for (String entry : environment.getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            Path directory = Path.of(entry);
            if (!directory.isAbsolute()) {
                return false;
            }
            Path program = directory.resolve(name);
            if (Files.isRegularFile(program) && Files.isExecutable(program) && !isOutside(program, paths)) {
                return false;
            }
        }
        return true;
    }

    /** Whether the program of that name, walking through folders, is known to follow none of the links in them. */
    boolean followNoLinks(String name) {
        String program = ProcessTree.program(name, environment)
                .map(CommandPrograms::text)
                .orElse("");
        String mark = KNOWN.get(name);
        return mark != null
                && program.startsWith(ELF)
                && program.contains(mark)
                && ALIKE.stream().noneMatch(program::contains)
                // The shell of BusyBox may run its own programs whatever is on the path.
                && !text(shell).contains("BusyBox");
    }

    private static boolean isOutside(Path program, CommandPaths paths) {
        return CommandPaths.resolve(program.getRoot(), program)
                .filter(real -> !paths.contains(real))
                .isPresent();
    }

    /** The bytes of a file, each as one character; of one that cannot be read, or is too large, none. */
    private static String text(Path file) {
        try {
            return Files.size(file) > LARGEST ? "" : Files.readString(file, StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }
}
