package dev.agentloop.tools.internal.shell;

import dev.agentloop.internal.ProcessTree;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Starts a command with its input closed, its outputs merged and, where the system can, in a session of its own. */
final class ProcessLauncher {
    static final boolean WINDOWS = File.separatorChar == '\\';

    private static final Optional<Path> CAT = WINDOWS ? Optional.empty() : ProcessTree.program("cat", System.getenv());

    /**
     * A command that was started.
     *
     * @param root the command itself
     * @param outlet the process whose standard output is the command's output: {@code root}, or a {@code cat} behind it
     * @param tree all that the command starts
     */
    record Started(Process root, Process outlet, ProcessTree tree) {}

    private ProcessLauncher() {}

    /**
     * Starts a program.
     *
     * <p>Output goes through {@code cat} where there is one. The JDK closes its end of a pipe as soon as the process at
     * the other end has exited, and copies what it finds there without bound; a grandchild that still writes would be
     * cut off, or fill the memory. {@code cat} keeps the pipe until its last writer is gone.
     *
     * @param words the program and its arguments
     * @param environment all of its environment, the marker of {@link ProcessTree} apart
     * @throws IOException if the program does not exist or the system refuses to start it
     */
    static Started start(List<String> words, Path directory, Map<String, String> environment) throws IOException {
        String marker = ProcessTree.newMarker();
        ProcessBuilder command = builder(words);
        command.directory(directory.toFile());
        replace(command.environment(), environment);
        command.environment().put(marker, "1");
        command.redirectInput(new File(WINDOWS ? "NUL:" : "/dev/null"));
        if (CAT.isEmpty()) {
            Process root = command.start();
            return new Started(root, root, new ProcessTree(root.toHandle(), marker));
        }
        ProcessBuilder outlet = builder(List.of(CAT.get().toString()));
        outlet.environment().clear();
        List<Process> started = ProcessBuilder.startPipeline(List.of(command, outlet));
        Process root = started.get(0);
        return new Started(root, started.get(1), new ProcessTree(root.toHandle(), marker));
    }

    private static ProcessBuilder builder(List<String> command) {
        return new ProcessBuilder(ProcessTree.inOwnSession(command)).redirectErrorStream(true);
    }

    private static void replace(Map<String, String> environment, Map<String, String> replacement) {
        // Values that are not text in this JVM's encoding survive only if they are not written again.
        environment.keySet().retainAll(replacement.keySet());
        replacement.forEach((name, value) -> {
            if (!value.equals(environment.get(name))) {
                environment.put(name, value);
            }
        });
    }
}
