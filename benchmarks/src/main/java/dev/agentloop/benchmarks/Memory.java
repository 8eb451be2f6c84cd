package dev.agentloop.benchmarks;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.IntFunction;

/** Runs one contender in a JVM that does nothing else, to see how much memory it needs. */
final class Memory {
    /** Plenty for the longest run, and a bound, or else the peak would show the size of the machine. */
    private static final List<String> JVM = List.of("-Xmx256m", "-XX:+UseSerialGC");

    private Memory() {}

    /**
     * Runs one conversation in a JVM of its own.
     *
     * @return two columns: MiB of live objects in the last turn, and the most MiB the process ever held
     */
    static String measure(ContenderKind kind, EndpointProcess endpoint, Row row, int turns)
            throws IOException, InterruptedException {
        endpoint.begin(row.script(turns));
        Process process = ChildJvm.of(
                        Memory.class, JVM, kind.name(), endpoint.base().toString(), Integer.toString(turns), row.name())
                .start();
        String columns = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException("the run of " + kind + " in a JVM of its own failed");
        }
        endpoint.report();
        return columns;
    }

    /** Kind, address, turns, and row; prints the two columns. */
    public static void main(String[] arguments) throws Exception {
        int calls = Integer.parseInt(arguments[2]) - 1;
        Row row = Row.valueOf(arguments[3]);
        IntFunction<String> outputs = row.outputs();
        long[] live = new long[1];
        IntFunction<String> tool = turn -> {
            if (turn == calls) {
                System.gc();
                live[0] =
                        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            }
            return outputs.apply(turn);
        };
        Contender contender = ContenderKind.valueOf(arguments[0]).at(URI.create(arguments[1]));
        try (Contender.Conversation conversation = contender.conversation(row, tool)) {
            conversation.run();
        }
        System.out.printf(Locale.ROOT, "%.1f | %s%n", live[0] / (1024.0 * 1024), peak());
        System.exit(0);
    }

    /** The most that the process ever held, as Linux counts it; a dash elsewhere. */
    private static String peak() throws IOException {
        Path status = Path.of("/proc/self/status");
        if (!Files.exists(status)) {
            return "-";
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith("VmHWM:"))
                .map(line -> line.replaceAll("\\D", ""))
                .map(kibibytes -> Long.toString(Long.parseLong(kibibytes) / 1024))
                .findFirst()
                .orElse("-");
    }
}
