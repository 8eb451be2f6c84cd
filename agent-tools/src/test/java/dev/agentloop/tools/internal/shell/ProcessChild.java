package dev.agentloop.tools.internal.shell;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Runs the command in a file; started by tests in a JVM with little memory or another locale. */
final class ProcessChild {
    private ProcessChild() {}

    public static void main(String[] arguments) throws Exception {
        String command = Files.readString(Path.of(arguments[0]));
        ProcessRun.Request request = new ProcessRun.Request(
                ShellProgram.standard().invocation(command, null),
                Path.of("/"),
                System.getenv(),
                Duration.ofMinutes(1),
                1 << 20);
        ProcessRun.Result result = ProcessRun.of(request, () -> false, text -> {
            // Nobody listens.
        });
        System.out.println(result.ending() + ", " + result.lines() + " lines:");
        System.out.print(result.output());
    }
}
