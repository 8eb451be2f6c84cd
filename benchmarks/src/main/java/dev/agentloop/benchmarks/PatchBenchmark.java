package dev.agentloop.benchmarks;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.FileTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Applying a patch of one line to a file of 1,000 lines, journal and all. The floor writes the file again. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PatchBenchmark {
    private static final ToolContext CONTEXT = new ToolContext() {
        @Override
        public String conversation() {
            return "benchmark";
        }

        @Override
        public String callId() {
            return "benchmark";
        }

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void progress(String text) {
            // Nobody listens.
        }

        @Override
        public Map<String, String> attributes() {
            return Map.of();
        }

        @Override
        public Optional<String> fullOutput(String callId) {
            return Optional.empty();
        }
    };

    /** A workspace with one file, and its patch tool. */
    @State(Scope.Benchmark)
    public static class Workspace {
        private final Path folder = temporary();
        private final Path file = folder.resolve("file.txt");
        private final Tool patch = FileTools.builder(folder).state(temporary()).tools().stream()
                .filter(tool -> tool.specification().name().equals("apply_patch"))
                .findFirst()
                .orElseThrow();
        private int round;

        private static Path temporary() {
            try {
                return Files.createTempDirectory("patch-benchmark");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Writes the file. */
        @Setup
        public void write() throws IOException {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 1_000; i++) {
                text.append("line ")
                        .append(i == 500 ? "round 0" : String.valueOf(i))
                        .append('\n');
            }
            Files.writeString(file, text);
        }
    }

    /** The library's way. */
    @Benchmark
    public ToolOutput patch(Workspace workspace) throws Exception {
        String old = "line round " + workspace.round;
        String now = "line round " + ++workspace.round;
        ToolOutput output = workspace.patch.call(
                ToolCall.custom(
                        "c",
                        "apply_patch",
                        "*** Begin Patch\n*** Update File: file.txt\n@@\n line 499\n-" + old + "\n+" + now
                                + "\n line 501\n*** End Patch"),
                CONTEXT);
        if (output.error()) {
            throw new IllegalStateException(output.text());
        }
        return output;
    }

    /** The floor. */
    @Benchmark
    public Path rewrite(Workspace workspace) throws IOException {
        Path copy = workspace.folder.resolve("copy.txt");
        Files.write(copy, Files.readAllBytes(workspace.file));
        return copy;
    }
}
