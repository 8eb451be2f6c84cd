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
            usage: loop [--turns 10,100,500,2000] [--sizes 1024,8192] [--runs 5] [--warm-up 20000] [--memory yes|no]
              --turns    lengths of the conversations, in requests
              --sizes    lengths of the tool outputs, in bytes
              --runs     how many runs the medians are of
              --warm-up  turns of each contender before anything is measured
              --memory   whether each length is also run in a JVM of its own, to see how much memory it takes""";

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
        int[] sizes = options.numbers("sizes", "1024,8192");
        int[] turns = options.numbers("turns", "10,100,500,2000");
        int runs = options.number("runs", "5");
        boolean memory = options.text("memory", "yes").equals("yes");
        try (EndpointProcess endpoint = EndpointProcess.start()) {
            EndToEnd harness = new EndToEnd(endpoint);
            harness.warmUp(options.number("warm-up", "20000"));
            Table table = new Table(System.out);
            for (int size : sizes) {
                for (int length : turns) {
                    Map<ContenderKind, Sample> samples = harness.measure(length, size, runs);
                    for (ContenderKind kind : ContenderKind.values()) {
                        String used = memory ? Memory.measure(kind, endpoint, length, size) : "";
                        table.row(kind, length, size, samples, used);
                    }
                }
            }
        }
    }

    // Long enough for the compiler to have come to rest, or else its work counts as the contenders'.
    private void warmUp(int turns) throws Exception {
        for (int done = 0; done < turns; done += WARM_UP_TURNS) {
            for (ContenderKind kind : ContenderKind.values()) {
                run(kind, WARM_UP_TURNS, 1024);
            }
        }
    }

    private Map<ContenderKind, Sample> measure(int turns, int size, int runs) throws Exception {
        Map<ContenderKind, List<Sample>> samples = new EnumMap<>(ContenderKind.class);
        for (int i = 0; i < runs; i++) {
            for (ContenderKind kind : ContenderKind.values()) {
                samples.computeIfAbsent(kind, k -> new ArrayList<>()).add(run(kind, turns, size));
            }
        }
        Map<ContenderKind, Sample> medians = new EnumMap<>(ContenderKind.class);
        samples.forEach((kind, all) -> medians.put(kind, Sample.median(all)));
        return medians;
    }

    // The clock of a process ticks in hundredths of a second: a short conversation is held several times for one
    // sample.
    private Sample run(ContenderKind kind, int turns, int size) throws Exception {
        int rounds = Math.max(1, SAMPLE_TURNS / turns);
        Deque<Contender.Conversation> held = new ArrayDeque<>();
        List<long[]> gaps = new ArrayList<>();
        System.gc();
        Consumption before = Consumption.now();
        for (int i = 0; i < rounds; i++) {
            endpoint.begin(turns);
            held.push(Objects.requireNonNull(contenders.get(kind)).conversation(Work.outputs(size)));
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
