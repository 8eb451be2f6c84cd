package dev.agentloop.benchmarks;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Starts a program again and again, and measures the time from its start to the last byte of its first request. The program
 * finds the endpoint, which is in this process, by {@code OPENAI_BASE_URL}, and a key by {@code OPENAI_API_KEY}.
 */
public final class ColdStart {
    private static final int RUNS = 11;
    private static final long LONGEST_SECONDS = 60;

    private ColdStart() {}

    /** The command to start; see {@code benchmarks/README.md}. */
    public static void main(String[] command) throws Exception {
        if (command.length == 0) {
            System.err.println("usage: cold COMMAND..., such as: cold ./agent exec --model scripted \"Say hello.\"");
            System.exit(2);
        }
        BlockingQueue<Long> arrivals = new LinkedBlockingQueue<>();
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        try (ScriptedEndpoint endpoint = ScriptedEndpoint.start(nowhere, arrivals::add)) {
            List<Double> millis = new ArrayList<>();
            // The first start may build the program and its archive, and fills the machine's page cache.
            endpoint.begin(new Script(1, true, 1_000, 0));
            firstRequest(command, endpoint.port(), arrivals);
            for (int i = 0; i < RUNS; i++) {
                endpoint.begin(new Script(1, true, 1_000, 0));
                millis.add(firstRequest(command, endpoint.port(), arrivals) / 1e6);
            }
            double[] sorted = millis.stream().mapToDouble(m -> m).sorted().toArray();
            System.out.printf(
                    Locale.ROOT,
                    "first request of %s: median %.0f ms, from %.0f to %.0f in %d starts%n",
                    Arrays.asList(command),
                    sorted[RUNS / 2],
                    sorted[0],
                    sorted[RUNS - 1],
                    RUNS);
        }
    }

    private static long firstRequest(String[] command, int port, BlockingQueue<Long> arrivals)
            throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        builder.environment().put("OPENAI_BASE_URL", "http://127.0.0.1:" + port + "/v1");
        builder.environment().put("OPENAI_API_KEY", "none");
        arrivals.clear();
        long start = System.nanoTime();
        Process process = builder.start();
        process.getOutputStream().close();
        Long arrived = arrivals.poll(LONGEST_SECONDS, TimeUnit.SECONDS);
        if (arrived == null) {
            process.destroyForcibly();
            throw new IOException("no request within " + LONGEST_SECONDS + " s of the start of " + List.of(command));
        }
        if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        return arrived - start;
    }
}
