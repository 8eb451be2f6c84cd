package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A program of the class path in a process of its own, with what it printed. Ended at the latest when closed. */
public final class ChildJvm implements AutoCloseable {
    /** The key that children are given; no output may ever show it. */
    public static final String KEY = "sk-not-to-be-shown-4711";

    private static final Duration PATIENCE = Duration.ofMinutes(4);

    private final Process process;
    private final Path out;
    private final Path err;

    private ChildJvm(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /**
     * Starts a program against a server; Ctrl-C reaches it, however these tests were started.
     *
     * @param baseUrl the server; empty for neither server nor key
     * @param folder where it starts, and keeps its output
     */
    public static ChildJvm start(Class<?> program, String baseUrl, Path folder, List<String> arguments) {
        return start(program, baseUrl, folder, Map.of(), arguments);
    }

    /** Starts a program with more variables in its environment. */
    public static ChildJvm start(
            Class<?> program, String baseUrl, Path folder, Map<String, String> environment, List<String> arguments) {
        return start(Signals.heedingInterrupts(command(program, arguments)), baseUrl, folder, environment);
    }

    /** Starts a program as a script does in its background: it ignores Ctrl-C. */
    public static ChildJvm startInBackground(Class<?> program, String baseUrl, Path folder, List<String> arguments) {
        return start(Signals.ignoringInterrupts(command(program, arguments)), baseUrl, folder, Map.of());
    }

    private static List<String> command(Class<?> program, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Dslf4j.internal.verbosity=ERROR",
                "-cp",
                classPath(),
                program.getName()));
        command.addAll(arguments);
        return command;
    }

    private static ChildJvm start(List<String> command, String baseUrl, Path folder, Map<String, String> environment) {
        ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("OPENAI_") || name.equals("JAVA_TOOL_OPTIONS"));
        // What is kept for the user goes into the test's folder.
        builder.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        if (!baseUrl.isEmpty()) {
            builder.environment().put("OPENAI_BASE_URL", baseUrl);
            builder.environment().put("OPENAI_API_KEY", KEY);
        }
        builder.environment().putAll(environment);
        try {
            Path out = Files.createTempFile(folder, "out", ".txt");
            Path err = Files.createTempFile(folder, "err", ".txt");
            return new ChildJvm(
                    builder.redirectOutput(out.toFile())
                            .redirectError(err.toFile())
                            .start(),
                    out,
                    err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The class path of these tests, without the logging that tests have and programs do not. */
    public static String classPath() {
        String separator = System.getProperty("path.separator");
        return Arrays.stream(System.getProperty("java.class.path").split(separator))
                .filter(entry -> !entry.contains("logback"))
                .collect(Collectors.joining(separator));
    }

    /** Waits for its end and gives the exit code. */
    public int exitCode() {
        try {
            assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS))
                    .as("ended within %s; it printed\n%s\n%s", PATIENCE, out(), err())
                    .isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        assertThat(out() + err()).doesNotContain(KEY);
        return process.exitValue();
    }

    /** Waits until standard error holds this. */
    public ChildJvm awaitErr(String text) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(err()).contains(text));
        return this;
    }

    /** Waits until standard output holds this. */
    public ChildJvm awaitOut(String text) {
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(out()).contains(text));
        return this;
    }

    /** Types a line. */
    public ChildJvm type(String line) {
        try {
            OutputStream in = process.getOutputStream();
            in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
            in.flush();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Types no more. */
    public ChildJvm endInput() {
        try {
            process.getOutputStream().close();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends a signal such as INT to this process alone. */
    public ChildJvm signal(String name) {
        try {
            int code = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .start()
                    .waitFor();
            assertThat(code).as("kill -%s", name).isZero();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** What it printed to standard output so far. */
    public String out() {
        return read(out);
    }

    /** What it printed to standard error so far. */
    public String err() {
        return read(err);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
