package dev.agentloop.testkit.internal.lint;

import dev.agentloop.Prompt;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Builds a host's prompt in processes of their own, a few at a time. Not thread-safe. */
public final class LintRuns implements AutoCloseable {
    private static final int MOST_AT_ONCE = 4;
    private static final int LONGEST_SECONDS = 60;

    private final Class<? extends Supplier<Prompt>> supplier;
    private final List<LintCondition> conditions;
    private final LintCondition usual;
    private final Path folder;
    private final AtomicInteger count = new AtomicInteger();
    private final ExecutorService threads = Executors.newFixedThreadPool(
            Math.min(MOST_AT_ONCE, Runtime.getRuntime().availableProcessors()));

    public LintRuns(Class<? extends Supplier<Prompt>> supplier, List<Path> javaHomes) throws IOException {
        this.supplier = supplier;
        this.usual = LintCondition.usual(Path.of(System.getProperty("java.home")));
        this.conditions =
                new ArrayList<>(LintCondition.all(usual, LintProgram.takesClock(LintProgram.constructor(supplier))));
        JavaHomes.other(supplier, javaHomes, System.getenv()).forEach(home -> conditions.add(usual.on(home)));
        this.folder = Files.createTempDirectory("prefix-linter").toRealPath();
        for (String name : LintCondition.FOLDERS) {
            Files.createDirectory(folder.resolve(name));
        }
    }

    /** What all others differ from. */
    LintCondition usual() {
        return usual;
    }

    /** What is varied, one at a time. */
    List<LintCondition> conditions() {
        return conditions;
    }

    /** The requests that come of these conditions, in their order. */
    List<byte[]> all(List<LintCondition> wanted) throws IOException, InterruptedException {
        List<Future<byte[]>> futures = new ArrayList<>();
        wanted.forEach(condition -> futures.add(threads.submit(() -> request(condition))));
        List<byte[]> requests = new ArrayList<>();
        try {
            for (Future<byte[]> future : futures) {
                requests.add(future.get());
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof AssertionError error) {
                throw error;
            }
            throw new IOException(e.getCause());
        } finally {
            futures.forEach(future -> future.cancel(true));
        }
        return requests;
    }

    private byte[] request(LintCondition condition) throws IOException, InterruptedException {
        int number = count.incrementAndGet();
        Path request = folder.resolve("request-" + number);
        Path output = folder.resolve("output-" + number);
        Process process = start(condition, request, output);
        try {
            if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
                throw failed(condition, "did not end within " + LONGEST_SECONDS + " s", output);
            }
            if (process.exitValue() != 0) {
                throw failed(condition, "failed with exit code " + process.exitValue(), output);
            }
            return Files.readAllBytes(request);
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private AssertionError failed(LintCondition condition, String how, Path output) throws IOException {
        return new AssertionError("the process that builds the prompt of " + supplier.getName() + " " + condition.name()
                + " " + how + ", and said:\n" + Files.readString(output));
    }

    private Process start(LintCondition condition, Path request, Path output) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(condition.java().resolve("bin").resolve("java").toString());
        for (String option : condition.options()) {
            boolean below = option.startsWith("-Djava.io.tmpdir=");
            command.add(below ? option.replace("=", "=" + folder + File.separator) : option);
        }
        command.addAll(List.of("-cp", classPath(), LintProgram.class.getName(), supplier.getName()));
        command.add(request.toString());
        command.add(String.valueOf(condition.days()));
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.resolve(condition.folder()).toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().putAll(condition.environment());
        return builder.start();
    }

    // Absolute, because the working folder is another one; modules are fine on the class path.
    private static String classPath() {
        String paths =
                System.getProperty("java.class.path") + File.pathSeparator + System.getProperty("jdk.module.path", "");
        return Stream.of(paths.split(File.pathSeparator))
                .filter(path -> !path.isEmpty())
                .map(path -> Path.of(path).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Override
    public void close() throws IOException {
        threads.shutdownNow();
        try {
            // Those that were not waited for are being killed, and still have files open here.
            boolean unused = threads.awaitTermination(LONGEST_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
