package dev.agentloop.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.function.LongConsumer;

/**
 * A Responses endpoint that answers each request but the last of a run with one function call, and does as little as it
 * can beside that, so that what is measured is the client.
 *
 * <p>One run at a time: its script is told before it begins, and when its last request is answered, one line is
 * written: the bytes of all its request bodies, and the gap before each request but the first, in nanoseconds. A gap goes
 * from the last byte of a response to the last byte of the next request.
 */
final class ScriptedEndpoint implements AutoCloseable {
    private static final int BACKLOG = 64;
    private static final byte[] HEAD_END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket socket;
    private final PrintStream reports;
    private final LongConsumer arrivals;
    private volatile Run run = new Run(new Script(Integer.MAX_VALUE, true, 1_000, 300));

    private ScriptedEndpoint(PrintStream reports, LongConsumer arrivals) throws IOException {
        this.socket = new ServerSocket(0, BACKLOG, InetAddress.getLoopbackAddress());
        this.reports = reports;
        this.arrivals = arrivals;
    }

    /**
     * An endpoint on a free port of this machine's loopback, until it is closed.
     *
     * @param reports where the line of each run goes
     * @param arrivals told the time of each request's last byte, by {@link System#nanoTime}
     */
    static ScriptedEndpoint start(PrintStream reports, LongConsumer arrivals) throws IOException {
        ScriptedEndpoint endpoint = new ScriptedEndpoint(reports, arrivals);
        daemon(endpoint::accept);
        return endpoint;
    }

    /** Each line of standard input is the script of a run that begins; the first line of output is the port, each begin is confirmed. */
    public static void main(String[] arguments) throws IOException {
        try (ScriptedEndpoint endpoint = start(System.out, time -> {})) {
            System.out.println(endpoint.port());
            BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
            for (String script = in.readLine(); script != null; script = in.readLine()) {
                endpoint.begin(Script.read(script));
                System.out.println("begun");
            }
        }
    }

    /** Begins a run. */
    void begin(Script script) {
        run = new Run(script);
    }

    int port() {
        return socket.getLocalPort();
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        while (!socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                connection.setTcpNoDelay(true);
                daemon(() -> serve(connection));
            } catch (IOException e) {
                if (!socket.isClosed()) {
                    throw new UncheckedIOException("the endpoint cannot accept connections", e);
                }
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            Requests requests = new Requests(connection.getInputStream());
            OutputStream out = connection.getOutputStream();
            while (requests.next()) {
                long arrived = System.nanoTime();
                arrivals.accept(arrived);
                Run current = run;
                int turn = current.arrived(arrived, requests.length());
                current.script.write(out, turn);
                current.answered = System.nanoTime();
                if (turn == current.script.turns()) {
                    reports.println(current.report());
                }
            }
        } catch (IOException e) {
            // A client that closes its connection ends only that connection.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** What is known of one run; its requests come one after the other, on whatever connection. */
    private static final class Run {
        private final Script script;
        private final StringBuilder gaps = new StringBuilder();
        private int turn;
        private long bytes;
        private volatile long answered;

        Run(Script script) {
            this.script = script;
        }

        synchronized int arrived(long time, int length) {
            turn++;
            bytes += length;
            if (turn > 1) {
                gaps.append(' ').append(time - answered);
            }
            return turn;
        }

        synchronized String report() {
            return bytes + gaps.toString();
        }
    }

    /** Reads the requests of one connection, and keeps nothing of them but their length. */
    private static final class Requests {
        private final InputStream in;
        private final byte[] buffer = new byte[256 * 1024];
        private int from;
        private int to;
        private int length;

        Requests(InputStream in) {
            this.in = in;
        }

        int length() {
            return length;
        }

        /** Reads a whole request; false if the connection has ended. */
        boolean next() throws IOException {
            int end = endOfHead();
            if (end < 0) {
                return false;
            }
            String head = new String(buffer, from, end - from, StandardCharsets.US_ASCII);
            length = contentLength(head);
            int left = length - (to - end);
            from = left < 0 ? end + length : 0;
            to = left < 0 ? to : 0;
            while (left > 0) {
                int count = in.read(buffer, 0, Math.min(buffer.length, left));
                if (count < 0) {
                    return false;
                }
                left -= count;
            }
            return true;
        }

        private int endOfHead() throws IOException {
            int at = from;
            while (true) {
                for (; at + HEAD_END.length <= to; at++) {
                    if (at(at, HEAD_END)) {
                        return at + HEAD_END.length;
                    }
                }
                System.arraycopy(buffer, from, buffer, 0, to - from);
                at -= from;
                to -= from;
                from = 0;
                int count = in.read(buffer, to, buffer.length - to);
                if (count < 0) {
                    return -1;
                }
                to += count;
            }
        }

        private boolean at(int start, byte[] text) {
            for (int i = 0; i < text.length; i++) {
                if (buffer[start + i] != text[i]) {
                    return false;
                }
            }
            return true;
        }

        private static int contentLength(String head) {
            for (String line : head.split("\r\n")) {
                if (line.regionMatches(true, 0, "content-length:", 0, "content-length:".length())) {
                    return Integer.parseInt(
                            line.substring("content-length:".length()).strip());
                }
            }
            return 0;
        }
    }
}
