package dev.agentloop.benchmarks;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** The result, as a Markdown table that is printed row by row. */
final class Table {
    private final PrintStream out;

    Table(PrintStream out) {
        this.out = out;
        out.printf(
                Locale.ROOT,
                "Java %s, %d processors, %s %s%n%n",
                Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("os.name"),
                System.getProperty("os.arch"));
        out.println("| output | turns | | gap, first tenth p50 / p90 ms | gap, last tenth p50 / p90 ms | CPU ms/turn"
                + " | KiB/turn | live MiB | peak RSS MiB | to the floor: late gap, CPU |");
        out.println("|---|---|---|---|---|---|---|---|---|---|");
    }

    void row(ContenderKind kind, int turns, int size, Map<ContenderKind, Sample> samples, String memory) {
        Sample sample = Objects.requireNonNull(samples.get(kind));
        Sample floor = Objects.requireNonNull(samples.get(ContenderKind.FLOOR));
        String ratio = kind == ContenderKind.FLOOR
                ? ""
                : String.format(
                        Locale.ROOT,
                        "%.2f, %.2f",
                        sample.late().p50() / floor.late().p50(),
                        sample.cpuMillis() / floor.cpuMillis());
        out.printf(
                Locale.ROOT,
                "| %d KiB | %,d | %s | %.2f / %.2f | %.2f / %.2f | %.2f | %.1f | %s | %s |%n",
                size / 1024,
                turns,
                kind == ContenderKind.FLOOR ? "floor" : "agentloop",
                sample.early().p50(),
                sample.early().p90(),
                sample.late().p50(),
                sample.late().p90(),
                sample.cpuMillis(),
                sample.kibibytes(),
                memory.isEmpty() ? " | " : memory,
                ratio);
        out.flush();
    }
}
