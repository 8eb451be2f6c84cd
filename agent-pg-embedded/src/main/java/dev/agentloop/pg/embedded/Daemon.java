package dev.agentloop.pg.embedded;

import dev.agentloop.internal.ProcessTree;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * A server program as a child of this JVM, which does not survive it.
 *
 * <p>A shutdown hook would not run when the JVM is killed, and would race with hooks that still need the server. So a shell
 * waits for the end of a pipe that only this JVM holds open, and then asks the program to end. Thread-safe.
 */
final class Daemon {
    private static final String WATCH = "read -r _; kill -s \"$1\" \"$2\"";

    /** What the system needs to give back the memory of a killed process. */
    private static final Duration LAST_BREATH = Duration.ofSeconds(10);

    private final Process process;
    private final Process watchdog;
    private final Path log;
    private final long logStart;

    private Daemon(Process process, Process watchdog, Path log, long logStart) {
        this.process = process;
        this.watchdog = watchdog;
        this.log = log;
        this.logStart = logStart;
    }

    /**
     * Starts a program.
     *
     * @param signal is what it gets when this JVM ends, such as {@code INT}
     * @param log gets what it writes, after what is there
     */
    static Daemon start(List<String> command, String signal, Path log) {
        try {
            long logStart = Files.exists(log) ? Files.size(log) : 0;
            Process process = Programs.builder(command)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            process.getOutputStream().close();
            Process watchdog = watchdog(process, signal);
            CompletableFuture<Void> unused = process.toHandle().onExit().thenRun(watchdog::destroyForcibly);
            return new Daemon(process, watchdog, log, logStart);
        } catch (IOException e) {
            throw new EmbeddedPostgresException("cannot start " + command.get(0) + ": " + e.getMessage(), e);
        }
    }

    private static Process watchdog(Process process, String signal) throws IOException {
        try {
            return Programs.builder(List.of("sh", "-c", WATCH, "watchdog", signal, Long.toString(process.pid())))
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
        } catch (IOException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    /** The process id, which is the program's own: whatever comes before it in the command replaces itself. */
    long pid() {
        return process.pid();
    }

    boolean alive() {
        return ProcessTree.isRunning(process.toHandle());
    }

    /** Waits for its end, and returns whether that came in time. */
    boolean endsWithin(Duration limit) {
        try {
            return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            throw Programs.interrupted(e);
        }
    }

    /** The same, for those who clean up: an interrupt waits until they have. */
    boolean hasEnded(Duration limit) {
        return Programs.end(List.of(process.toHandle()), limit);
    }

    /** Sends a signal by its short name; the JDK itself knows only TERM and KILL. */
    void signal(String name) {
        if (alive()) {
            Programs.run(List.of("sh", "-c", "kill -s \"$1\" \"$2\"", "kill", name, Long.toString(pid())));
        }
    }

    /** Kills it and its children, and returns when none of them runs any more. */
    void kill() {
        List<ProcessHandle> all = new ArrayList<>();
        all.add(process.toHandle());
        process.descendants().forEach(all::add);
        all.forEach(ProcessHandle::destroyForcibly);
        Programs.end(all, LAST_BREATH);
    }

    /** Ends what watches it. The program itself must have ended. */
    void forget() {
        watchdog.destroyForcibly();
    }

    /** What it has written since this start of it. */
    String output() {
        try (var channel = Files.newByteChannel(log)) {
            channel.position(Math.min(logStart, channel.size()));
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
