package dev.agentloop.pg.embedded;

import dev.agentloop.internal.PathText;
import dev.agentloop.internal.ProcessTree;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/**
 * How the programs of PostgreSQL and PgBouncer are run.
 *
 * <p>Both refuse to be root. Root starts them in a user namespace without a mapping, where they see themselves as nobody,
 * while files stay root's: that needs no account and no change of owners.
 */
final class Programs {
    private static final Duration POLL = Duration.ofMillis(1);
    private static final Path PROC_SELF = Path.of("/proc/self");
    private static final boolean ROOT = isRoot();

    /** What a program wrote, to either of its outputs, until it exited. */
    record Result(int exitCode, String output) {}

    private Programs() {}

    /** A process of its own session, out of reach of the terminal's Ctrl-C, and not root. */
    static ProcessBuilder builder(List<String> command) {
        command.stream()
                .filter(word -> !PathText.reachesPrograms(word))
                .findFirst()
                .ifPresent(word -> {
                    throw new EmbeddedPostgresException("cannot run " + command.get(0) + " with " + word
                            + ": it has a character that " + PathText.remedy());
                });
        List<String> words = new ArrayList<>(command);
        if (ROOT) {
            Path unshare = ProcessTree.program("unshare", System.getenv())
                    .orElseThrow(
                            () -> new EmbeddedPostgresException(
                                    "PostgreSQL refuses to run as root, and the program "
                                            + "unshare, which would hide that, is not in the PATH: install util-linux, or be another user"));
            words.addAll(0, List.of(unshare.toString(), "-U"));
        }
        ProcessBuilder builder = new ProcessBuilder(ProcessTree.inOwnSession(words));
        // Its messages are read here. PGDATA and its like are another server's.
        builder.environment().keySet().removeIf(name -> name.startsWith("PG") || name.startsWith("LC_"));
        builder.environment().put("LC_ALL", "C");
        return builder.redirectErrorStream(true);
    }

    /** Runs a program to its end. */
    static Result run(List<String> command) {
        try {
            Process process = builder(command).start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Result(exitValue(process), output.strip());
        } catch (IOException e) {
            throw new EmbeddedPostgresException("cannot run " + command.get(0) + ": " + e.getMessage(), e);
        }
    }

    // Not by onExit(): that needs a thread of the common pool, and all of them may be waiting for this. An interrupt
    // waits.
    private static int exitValue(Process process) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return process.waitFor();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Waits for the end of processes, and returns whether all ended in time. The JDK's own waiting for processes that are not
     * its children looks once a second or less. An interrupt waits, too.
     */
    static boolean end(Collection<ProcessHandle> processes, Duration limit) {
        long begun = System.nanoTime();
        boolean interrupted = false;
        try {
            while (processes.stream().anyMatch(ProcessTree::isRunning)) {
                if (System.nanoTime() - begun > limit.toNanos()) {
                    return false;
                }
                interrupted |= Thread.interrupted();
                LockSupport.parkNanos(POLL.toNanos());
            }
            return true;
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** What to say of a failure that has nothing to do with PostgreSQL itself, or nothing. */
    static String advice(String output, Path folder) {
        if (output.contains("unshare failed")) {
            return "; PostgreSQL refuses to run as root, and this system does not let root make the user namespace that "
                    + "would hide it: be another user, or allow it (Docker: --security-opt seccomp=unconfined)";
        }
        if (output.contains("No space left on device") || free(folder) < 1 << 20) {
            return String.format(
                    Locale.ROOT,
                    "; the disk is full: %s has %,d KiB left, and a new server needs about 64 MiB",
                    folder,
                    free(folder) >> 10);
        }
        return "";
    }

    static EmbeddedPostgresException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new EmbeddedPostgresException("interrupted while waiting for a server", cause);
    }

    private static long free(Path folder) {
        try {
            return Files.getFileStore(folder).getUsableSpace();
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    private static boolean isRoot() {
        try {
            return Files.exists(PROC_SELF)
                    ? Files.getAttribute(PROC_SELF, "unix:uid").equals(0)
                    : System.getProperty("user.name", "").equals("root");
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }
}
