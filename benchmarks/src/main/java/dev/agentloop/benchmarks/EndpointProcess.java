package dev.agentloop.benchmarks;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The scripted endpoint in a process of its own, so that its work does not count as the client's. */
final class EndpointProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final BufferedWriter in;
    private final URI base;

    private EndpointProcess(Process process) throws IOException {
        this.process = process;
        this.out = process.inputReader();
        this.in = process.outputWriter();
        this.base = URI.create("http://127.0.0.1:" + out.readLine() + "/v1");
    }

    static EndpointProcess start() throws IOException {
        return new EndpointProcess(
                ChildJvm.of(ScriptedEndpoint.class, List.of("-Xmx64m")).start());
    }

    /** The address before {@code /responses}. */
    URI base() {
        return base;
    }

    /** Has the next request begin a run. */
    void begin(Script script) throws IOException {
        in.write(script + "\n");
        in.flush();
        out.readLine();
    }

    /** What the endpoint saw of the run that was begun last; waits until it has ended. */
    Report report() throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException("the endpoint has ended");
        }
        long[] numbers =
                Stream.of(line.split(" ", -1)).mapToLong(Long::parseLong).toArray();
        return new Report(numbers[0], Arrays.copyOfRange(numbers, 1, numbers.length));
    }

    @Override
    public void close() {
        process.destroy();
    }

    /**
     * What the endpoint saw of a run.
     *
     * @param bytes of all request bodies together
     * @param gaps nanoseconds from the end of each response to the whole of the next request
     */
    record Report(long bytes, long[] gaps) {}
}
