package dev.agentloop.pg;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A process of the fight, as its parent sees it. */
final class FightJvm implements AutoCloseable {
    private static final long LONGEST_END_SECONDS = 60;

    private final String name;
    private final Path folder;
    private final Process process;
    private boolean paused;

    private FightJvm(String name, Path folder, Process process) {
        this.name = name;
        this.folder = folder;
        this.process = process;
    }

    /** Starts a program with these arguments behind the folder and the name. */
    static FightJvm start(Class<?> main, String name, Path folder, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xmx192m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(folder.toString(), name));
        command.addAll(List.of(arguments));
        try {
            return new FightJvm(
                    name,
                    folder,
                    new ProcessBuilder(command)
                            .redirectErrorStream(true)
                            .redirectOutput(folder.resolve(name + ".output").toFile())
                            .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String name() {
        return name;
    }

    /** The name under which the store knows it; empty before it has one. */
    Optional<String> processName() {
        try {
            Path record = FightAccounts.file(folder, name);
            return Files.exists(record)
                    ? Files.readString(record)
                            .lines()
                            .filter(line -> line.startsWith("process "))
                            .map(line -> line.substring("process ".length()))
                            .findFirst()
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean paused() {
        return paused;
    }

    /** Stops all its threads, as a machine does that is suspended. */
    void pause() {
        signal("-STOP");
        paused = true;
    }

    void resume() {
        signal("-CONT");
        paused = false;
    }

    private void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                    .inheritIO()
                    .start();
            if (kill.waitFor() != 0) {
                throw new IllegalStateException("kill " + signal + " of " + name + " failed; it said:\n" + output());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Kills it, and returns when it is dead. */
    void kill() {
        process.toHandle().destroyForcibly();
        process.toHandle().onExit().join();
        paused = false;
    }

    /** Sends it a line. */
    void say(String line) {
        try {
            process.getOutputStream().write((line + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
            process.getOutputStream().flush();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it has said so far. */
    String output() {
        try {
            return Files.readString(folder.resolve(name + ".output"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits for its end; gives its exit code. */
    int awaitEnd() throws InterruptedException {
        if (!process.waitFor(LONGEST_END_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError(name + " did not end within " + LONGEST_END_SECONDS + " s; it said:\n" + output());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        kill();
    }
}
