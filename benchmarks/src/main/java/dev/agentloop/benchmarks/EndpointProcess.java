package dev.agentloop.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

/** The scripted endpoint in a process of its own, so that its work does not count as the client's. */
final class EndpointProcess implements AutoCloseable {
    private final Process process;
    private final BufferedReader out;
    private final int port;
    private int runs;

    private EndpointProcess(Process process) throws IOException {
        this.process = process;
        this.out = process.inputReader();
        this.port = Integer.parseInt(out.readLine());
    }

    static EndpointProcess start() throws IOException {
        return new EndpointProcess(
                ChildJvm.of(ScriptedEndpoint.class, List.of("-Xmx64m")).start());
    }

    /** The address of a new run, before {@code /responses}. */
    URI newRun(int turns) {
        runs++;
        return URI.create("http://127.0.0.1:" + port + "/" + runs + "/" + turns + "/v1");
    }

    /** What the endpoint saw of the newest run; waits until that has ended. */
    Report report() throws IOException {
        String line = out.readLine();
        String[] parts = line == null ? new String[] {""} : line.split(" ", -1);
        if (!parts[0].equals(Integer.toString(runs))) {
            throw new IOException("expected the endpoint's report of run " + runs + " but it was: " + line);
        }
        return new Report(
                Long.parseLong(parts[1]),
                Stream.of(parts).skip(2).mapToLong(Long::parseLong).toArray());
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
