package dev.agentloop.tools;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Runs a command that writes more than this JVM has memory; started by a test in a JVM with little. */
final class ProcessBigOutput {
    static final long BYTES = 400_000_000;

    private ProcessBigOutput() {}

    public static void main(String[] arguments) throws Exception {
        List<String> command = List.of("/bin/sh", "-c", "yes | head -c " + BYTES);
        ProcessRequest request =
                new ProcessRequest(command, Path.of("/"), System.getenv(), Duration.ofMinutes(1), 1 << 20);
        ProcessResult result = ProcessRun.of(request, new ProcessListener() {
            @Override
            public boolean cancelled() {
                return false;
            }

            @Override
            public void output(String text) {}
        });
        System.out.println(result.ending() + " " + result.cut() + " " + result.lines() + " lines");
    }
}
