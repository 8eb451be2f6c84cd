package dev.agentloop.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * How a process treats Ctrl-C from its start. What starts tests in the background ({@code nohup … &}, many CI servers) has
 * them ignore the signal INT, their children inherit that, and the JDK then does not handle it either.
 */
final class Signals {
    /** The exit code of a shell for a command that INT ended. */
    private static final int INTERRUPTED = 130;

    private static final List<List<String>> LAUNCHERS = List.of(
            List.of(),
            List.of("env", "--default-signal=INT"),
            List.of("perl", "-e", "$SIG{INT} = 'DEFAULT'; exec @ARGV"),
            List.of(
                    "python3",
                    "-c",
                    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
                            + "os.execvp(sys.argv[1], sys.argv[1:])"));

    private static final List<String> HEEDING = heeding();

    private Signals() {}

    /** The command, started so that INT ends it unless it handles it. */
    static List<String> heedingInterrupts(List<String> command) {
        return joined(HEEDING, command);
    }

    /** The command, started so that it ignores INT, as one in the background of a script does. */
    static List<String> ignoringInterrupts(List<String> command) {
        return joined(List.of("sh", "-c", "trap '' INT; exec \"$@\"", "sh"), command);
    }

    private static List<String> heeding() {
        if (System.getProperty("os.name").startsWith("Windows")) {
            return List.of();
        }
        return LAUNCHERS.stream()
                .filter(Signals::works)
                .findFirst()
                .orElseThrow(
                        () -> new AssertionError("these tests were started with the signal INT ignored, and none of"
                                + " env (coreutils 8.31 or later), perl and python3 is here to restore it: install one, or"
                                + " start the tests in the foreground"));
    }

    private static boolean works(List<String> launcher) {
        List<String> command = joined(launcher, List.of("sh", "-c", "kill -s INT $$; exit 0"));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor() == INTERRUPTED;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException(e));
        }
    }

    private static List<String> joined(List<String> launcher, List<String> command) {
        List<String> all = new ArrayList<>(launcher);
        all.addAll(command);
        return all;
    }
}
