package dev.agentloop.testkit;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs a program in a process of its own, with this process's class path, and kills it at a chosen moment, as a power
 * failure would: nothing is flushed, no hook runs, no lock is given back by anyone but the system.
 *
 * <pre>{@code
 * CrashHarness harness = CrashHarness.of(Worker.class);
 * for (int point = 1; ; point++) {
 *     CrashHarness.Run run = harness.stopAt(point, folder.toString());
 *     if (run.stoppedAt().isEmpty()) {
 *         break; // It came to its end: there are no more points.
 *     }
 *     … what is on the disk now must be sound …
 * }
 * }</pre>
 *
 * <p>The program says by {@link CrashPoints} where it can be killed. A kill shows what the process left behind, not what
 * the disk would have: what was written and not forced survives it. Immutable and thread-safe.
 */
public final class CrashHarness {
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private final Class<?> main;
    private final List<String> jvmOptions;

    private CrashHarness(Class<?> main, List<String> jvmOptions) {
        this.main = main;
        this.jvmOptions = jvmOptions;
    }

    /**
     * What a process did.
     *
     * @param stoppedAt the name of the point at which it was killed; empty if it ended by itself
     * @param points the names of all points that it reached, that one included
     * @param output the other lines that it said on standard output
     * @param exitCode its exit code; of a killed process, whatever the system says
     */
    public record Run(Optional<String> stoppedAt, List<String> points, List<String> output, int exitCode) {}

    /** A harness for the program of this class, whose {@code main} is run. */
    public static CrashHarness of(Class<?> main) {
        return new CrashHarness(main, List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
    }

    /** The same harness with more options for the Java virtual machine, such as a system property. */
    public CrashHarness with(String... options) {
        List<String> all = new ArrayList<>(jvmOptions);
        all.addAll(List.of(options));
        return new CrashHarness(main, all);
    }

    /** Runs the program until it ends by itself. */
    public Run run(String... arguments) throws InterruptedException {
        return stopAt(0, arguments);
    }

    /**
     * Runs the program until it reaches a point, and kills it there with the system's hardest signal.
     *
     * @param point the number of the point, from 1
     * @return what it did until then; {@code stoppedAt} is empty if it ended before
     * @throws AssertionError if it does neither within a minute, or fails by itself; with what it said
     */
    public Run stopAt(int point, String... arguments) throws InterruptedException {
        try {
            Path errors = Files.createTempFile("crash-harness", ".txt");
            try {
                return watched(start(point, arguments, errors), errors);
            } finally {
                Files.deleteIfExists(errors);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot run " + main.getName() + " in a process of its own", e);
        }
    }

    private Process start(int point, String[] arguments, Path errors) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvmOptions);
        command.add("-D" + CrashPoints.STOP_PROPERTY + "=" + point);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).redirectError(errors.toFile()).start();
    }

    private Run watched(Process process, Path errors) throws IOException, InterruptedException {
        AtomicBoolean late = new AtomicBoolean();
        ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor();
        try {
            var unused = watchdog.schedule(
                    () -> {
                        late.set(true);
                        kill(process);
                    },
                    LONGEST.toMillis(),
                    TimeUnit.MILLISECONDS);
            Run run = followed(process);
            if (late.get() || (run.stoppedAt().isEmpty() && run.exitCode() != 0)) {
                throw new AssertionError(main.getName()
                        + (late.get() ? " did not end within " + LONGEST : " failed with exit code " + run.exitCode())
                        + "; points " + run.points() + ", output " + run.output() + ", errors:\n"
                        + Files.readString(errors));
            }
            return run;
        } finally {
            watchdog.shutdownNow();
            kill(process);
            process.waitFor();
        }
    }

    // By its handle: Process.destroyForcibly would close the pipe and what is still in it.
    private static void kill(Process process) {
        process.toHandle().destroyForcibly();
    }

    private static Run followed(Process process) throws IOException, InterruptedException {
        List<String> points = new ArrayList<>();
        List<String> output = new ArrayList<>();
        Optional<String> stoppedAt = Optional.empty();
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith(CrashPoints.STOPPED)) {
                    stoppedAt = Optional.of(name(line));
                    points.add(name(line));
                    kill(process);
                } else if (line.startsWith(CrashPoints.REACHED)) {
                    points.add(name(line));
                } else {
                    output.add(line);
                }
            }
        }
        return new Run(stoppedAt, List.copyOf(points), List.copyOf(output), process.waitFor());
    }

    private static String name(String line) {
        int number = line.indexOf(' ');
        return line.substring(line.indexOf(' ', number + 1) + 1);
    }
}
