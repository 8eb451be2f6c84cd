package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A terminal of so many columns with a shell in it, by a tmux of its own; typed into, and read as a person sees it. */
final class TmuxTerminal implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final int ROWS = 45;

    private final Path folder;
    private final Path socket;

    /** Starts it in this folder; its socket lies in another one. */
    TmuxTerminal(Path folder, Path sockets, int columns, Map<String, String> environment) {
        this.folder = folder;
        this.socket = sockets.resolve("tmux-" + columns);
        Path profile = sockets.resolve("profile");
        try {
            // What a shell takes from its environment differs from user to user.
            Files.writeString(profile, "PS1='$ '\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, String> all = new HashMap<>(environment);
        all.put("ENV", profile.toString());
        run(all, "new-session", "-d", "-x", "" + columns, "-y", "" + ROWS, "sh");
        awaitLast("$");
    }

    /** Whether tmux is installed; {@code .ci/on --bare} puts a file that cannot be run in its place. */
    static boolean isInstalled() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .map(folder -> Path.of(folder, "tmux").toFile())
                .anyMatch(program -> program.isFile() && program.canExecute());
    }

    private String run(Map<String, String> environment, String... words) {
        List<String> command = new ArrayList<>(List.of("tmux", "-u", "-f", "/dev/null", "-S", socket.toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.matches("OPENAI_.*|TMUX.*|JAVA_TOOL_OPTIONS|ENV|COLUMNS"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        // tmux starts the shell by the user's own one, and that of a service's user, such as nobody, ends at once.
        builder.environment().put("SHELL", "/bin/sh");
        builder.environment().putAll(environment);
        try {
            Process process = builder.start();
            process.getOutputStream().close();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor())
                    .as("tmux %s: %s", List.of(words), printed)
                    .isZero();
            return printed;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Types this and Enter. */
    void type(String line) {
        if (!line.isEmpty()) {
            run(Map.of(), "send-keys", "-l", line);
        }
        press("Enter");
    }

    /** Presses a key that has a name, such as {@code C-c}. */
    void press(String key) {
        run(Map.of(), "send-keys", key);
    }

    /** All lines from the start on, without blanks at their ends. */
    List<String> lines() {
        return lines("-pS");
    }

    /** The same with those joined that the terminal has broken. */
    List<String> joined() {
        return lines("-pJS");
    }

    private List<String> lines(String options) {
        List<String> lines = new ArrayList<>(run(Map.of(), "capture-pane", options, "-")
                .lines()
                .map(String::stripTrailing)
                .toList());
        while (!lines.isEmpty() && lines.get(lines.size() - 1).isEmpty()) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    /** Waits until the last line is this. */
    void awaitLast(String line) {
        awaitThat(
                "the last line is " + line,
                lines -> !lines.isEmpty() && lines.get(lines.size() - 1).equals(line));
    }

    /** Waits until the lines are so. */
    void awaitThat(String what, Predicate<List<String>> condition) {
        await().atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> assertThat(lines())
                        .as("%s", what)
                        .matches(lines -> condition.test(new ArrayList<>(lines)), what));
    }

    @Override
    public void close() {
        run(Map.of(), "kill-server");
    }
}
