package dev.agentloop.benchmarks;

import java.io.IOException;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Runs the loop against a scripted endpoint in another process, beside the floor, and prints one table.
 *
 * <p>Both run in this JVM, in turns, after a warm-up; a number is the median of the runs. Memory is measured in a JVM for
 * each run of its own.
 */
public final class EndToEnd {
    private static final String USAGE = """
            usage: loop [--turns 10,100,500,2000] [--sizes 1024,8192] [--runs 5] [--warm-up 2000] [--memory yes|no]
              --turns    lengths of the conversations, in requests
              --sizes    lengths of the tool outputs, in bytes
              --runs     how many runs the medians are of
              --warm-up  turns of each contender before anything is measured
              --memory   whether each length is also run in a JVM of its own, to see how much memory it takes""";

    private final EndpointProcess endpoint;
    private final Map<Contender.Kind, HttpClient> clients = new EnumMap<>(Contender.Kind.class);

    private EndToEnd(EndpointProcess endpoint) {
        this.endpoint = endpoint;
        for (Contender.Kind kind : Contender.Kind.values()) {
            clients.put(kind, newClient());
        }
    }

    static HttpClient newClient() {
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
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
            harness.warmUp(options.number("warm-up", "2000"));
            Table table = new Table(System.out);
            for (int size : sizes) {
                for (int length : turns) {
                    Map<Contender.Kind, Sample> samples = harness.measure(length, size, runs);
                    for (Contender.Kind kind : Contender.Kind.values()) {
                        String used = memory ? Memory.measure(kind, endpoint.newRun(length), size) : "";
                        if (memory) {
                            endpoint.report();
                        }
                        table.row(kind, length, size, samples, used);
                    }
                }
            }
        }
    }

    private void warmUp(int turns) throws Exception {
        for (int left = turns; left > 0; left -= 500) {
            for (Contender.Kind kind : Contender.Kind.values()) {
                run(kind, Math.min(left, 500), 1024);
            }
        }
    }

    private Map<Contender.Kind, Sample> measure(int turns, int size, int runs) throws Exception {
        Map<Contender.Kind, List<Sample>> samples = new EnumMap<>(Contender.Kind.class);
        for (int i = 0; i < runs; i++) {
            for (Contender.Kind kind : Contender.Kind.values()) {
                samples.computeIfAbsent(kind, k -> new ArrayList<>()).add(run(kind, turns, size));
            }
        }
        Map<Contender.Kind, Sample> medians = new EnumMap<>(Contender.Kind.class);
        samples.forEach((kind, all) -> medians.put(kind, Sample.median(all)));
        return medians;
    }

    private Sample run(Contender.Kind kind, int turns, int size) throws Exception {
        System.gc();
        HttpClient client = clients.get(kind);
        try (Contender contender = kind.with(client, endpoint.newRun(turns), turn -> Work.output(turn, size))) {
            Consumption before = Consumption.now();
            contender.run();
            Consumption after = Consumption.now();
            EndpointProcess.Report seen = endpoint.report();
            if (seen.gaps().length != turns - 1) {
                throw new IOException(kind + " sent " + (seen.gaps().length + 1) + " requests instead of " + turns);
            }
            System.err.printf(
                    Locale.ROOT, "%s: %d turns of %d bytes, %d MiB sent%n", kind, turns, size, seen.bytes() >> 20);
            return Sample.of(turns, seen.gaps(), after.cpuNanosSince(before), after.bytesSince(before));
        }
    }
}
