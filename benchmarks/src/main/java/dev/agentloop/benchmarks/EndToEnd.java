package dev.agentloop.benchmarks;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Runs the loop against a scripted endpoint in another process, beside the floor, and prints one table.
 *
 * <p>Both run in this JVM, in turns, after a warm-up; a number is the median of the runs. Memory is measured in a JVM for
 * each run of its own.
 */
public final class EndToEnd {
    private static final String USAGE = """
            usage: loop [--rows %s] [--turns 100,500,2000] [--runs 5] [--warm-up 20000] [--memory no|yes]
              --rows     what the conversations are like
              --turns    lengths of the conversations, in requests
              --runs     how many runs the medians are of
              --warm-up  turns of each contender before anything is measured
              --memory   whether each length is also run in a JVM of its own, to see how much memory it takes""".formatted(Row.names());

    private static final int WARM_UP_TURNS = 200;
    private static final int SAMPLE_TURNS = 500;

    private final EndpointProcess endpoint;
    private final Map<ContenderKind, Contender> contenders = new EnumMap<>(ContenderKind.class);

    private EndToEnd(EndpointProcess endpoint) {
        this.endpoint = endpoint;
        for (ContenderKind kind : ContenderKind.values()) {
            contenders.put(kind, kind.at(endpoint.base()));
        }
    }

    /** See {@code benchmarks/README.md}. */
    public static void main(String[] arguments) throws Exception {
        Options options = Options.parse(USAGE, arguments);
        List<Row> rows = Row.named(options.text("rows", Row.names()));
        int[] turns = options.numbers("turns", "100,500,2000");
        int runs = options.number("runs", "5");
        boolean memory = options.text("memory", "no").equals("yes");
        try (EndpointProcess endpoint = EndpointProcess.start()) {
            EndToEnd harness = new EndToEnd(endpoint);
            harness.warmUp(rows, options.number("warm-up", "20000"));
            Table table = new Table(System.out);
            for (Row row : rows) {
                for (int length : turns) {
                    harness.measure(table, row, length, runs, memory);
                }
            }
        }
    }

    // Long enough for the compiler to have come to rest, or else its work counts as the contenders'.
    private void warmUp(List<Row> rows, int turns) throws Exception {
        for (int done = 0; done < turns; done += WARM_UP_TURNS) {
            Row row = rows.get(done / WARM_UP_TURNS % rows.size());
            for (ContenderKind kind : ContenderKind.values()) {
                run(kind, row, WARM_UP_TURNS);
            }
        }
    }

    private void measure(Table table, Row row, int turns, int runs, boolean memory) throws Exception {
        Map<ContenderKind, List<Sample>> samples = new EnumMap<>(ContenderKind.class);
        for (int i = 0; i < runs; i++) {
            for (ContenderKind kind : ContenderKind.values()) {
                samples.computeIfAbsent(kind, k -> new ArrayList<>()).add(run(kind, row, turns));
            }
        }
        List<Sample> floor = Objects.requireNonNull(samples.get(ContenderKind.FLOOR));
        for (ContenderKind kind : ContenderKind.values()) {
            List<Sample> own = Objects.requireNonNull(samples.get(kind));
            table.line(
                    row,
                    turns,
                    Sample.median(own),
                    own == floor ? null : Sample.Ratios.of(own, floor),
                    memory ? Memory.measure(kind, endpoint, row, turns) : "");
        }
    }

    // The clock of a process ticks in hundredths of a second: a short conversation is held several times for one
    // sample.
    private Sample run(ContenderKind kind, Row row, int turns) throws Exception {
        int rounds = Math.max(1, SAMPLE_TURNS / turns);
        Deque<Contender.Conversation> held = new ArrayDeque<>();
        List<long[]> gaps = new ArrayList<>();
        System.gc();
        Consumption before = Consumption.now();
        for (int i = 0; i < rounds; i++) {
            endpoint.begin(row.script(turns));
            held.push(Objects.requireNonNull(contenders.get(kind)).conversation(row, row.outputs()));
            held.element().run();
            gaps.add(endpoint.report().gaps());
        }
        Consumption after = Consumption.now();
        // Not before: what an ended thread has allocated cannot be asked for any more.
        held.forEach(Contender.Conversation::close);
        if (gaps.stream().anyMatch(of -> of.length != turns - 1)) {
            throw new IOException("a conversation of " + kind + " did not have " + turns + " turns");
        }
        return Sample.of(rounds * turns, gaps, after.cpuNanosSince(before), after.bytesSince(before));
    }
}
