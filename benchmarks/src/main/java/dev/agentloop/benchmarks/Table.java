package dev.agentloop.benchmarks;

import java.io.PrintStream;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

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
        out.println("| row | turns | | gap, last tenth p50 / p90 ms | CPU ms/turn | KiB/turn | live MiB | peak RSS MiB"
                + " | to the floor: gap, CPU, KiB |");
        out.println("|---|---|---|---|---|---|---|---|---|");
    }

    /**
     * Prints a line.
     *
     * @param ratios to the floor; null for the floor itself
     * @param memory two columns; empty where it was not measured
     */
    void line(Row row, int turns, Sample sample, Sample.@Nullable Ratios ratios, String memory) {
        out.printf(
                Locale.ROOT,
                "| %s | %,d | %s | %.2f / %.2f | %.3f | %.1f | %s | %s |%n",
                row,
                turns,
                ratios == null ? "floor" : "agentloop",
                sample.late().p50(),
                sample.late().p90(),
                sample.cpuMillis(),
                sample.kibibytes(),
                memory.isEmpty() ? " | " : memory,
                ratios == null
                        ? ""
                        : String.format(
                                Locale.ROOT, "%.2f, %.2f, %.2f", ratios.gap(), ratios.cpu(), ratios.kibibytes()));
        out.flush();
    }
}
