package dev.agentloop.openai;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A server on loopback that answers the requests with the replies that a test wrote for them, in their order and byte for
 * byte; the last reply is used for all further requests.
 */
final class RawServer implements AutoCloseable {
    private final ServerSocket server;
    private final Function<Request, Reply> replies;
    private final AtomicInteger closedByClient = new AtomicInteger();
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Throwable> failures = new CopyOnWriteArrayList<>();
    private final boolean tls;

    /** A request as it came in. */
    record Request(String head, byte[] body) {
        String line() {
            return head.substring(0, head.indexOf("\r\n"));
        }

        /** The value of a header, or empty. */
        String header(String name) {
            for (String line : head.lines().toList()) {
                if (line.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT) + ":")) {
                    return line.substring(name.length() + 1).strip();
                }
            }
            return "";
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    /** Writes one response. What it throws ends the connection. */
    interface Reply {
        void write(Socket connection, InputStream in, OutputStream out) throws IOException;
    }

    private RawServer(ServerSocket server, boolean tls, Function<Request, Reply> replies) {
        this.server = server;
        this.tls = tls;
        this.replies = replies;
        Thread acceptor = new Thread(this::accept, "raw server");
        acceptor.setDaemon(true);
        acceptor.start();
    }

    static RawServer answering(Reply... replies) throws IOException {
        return answering(List.of(replies));
    }

    static RawServer answering(List<Reply> replies) throws IOException {
        AtomicInteger answered = new AtomicInteger();
        return answering(request -> replies.get(Math.min(answered.getAndIncrement(), replies.size() - 1)));
    }

    /** Chooses the reply by the request. */
    static RawServer answering(Function<Request, Reply> replies) throws IOException {
        return new RawServer(new ServerSocket(0, 600, InetAddress.getLoopbackAddress()), false, replies);
    }

    /** Answers on a TLS socket of the caller's, which is closed with this server. */
    static RawServer over(ServerSocket tlsSocket, Function<Request, Reply> replies) {
        return new RawServer(tlsSocket, true, replies);
    }

    String baseUrl() {
        return (tls ? "https://localhost:" : "http://127.0.0.1:") + server.getLocalPort() + "/v1";
    }

    List<Request> requests() {
        return requests;
    }

    /** How many connections were accepted. */
    int connections() {
        return connections.size();
    }

    /** How many connections the client has closed or reset. */
    int closedByClient() {
        return closedByClient.get();
    }

    /** What went wrong in the server itself; a test that got an odd result looks here. */
    List<Throwable> failures() {
        return failures;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket connection = server.accept();
                connections.add(connection);
                Thread thread = new Thread(() -> serve(connection), "raw connection " + connections.size());
                thread.setDaemon(true);
                thread.start();
            } catch (IOException e) {
                if (!server.isClosed()) {
                    failures.add(e);
                }
            }
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            connection.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(connection.getInputStream(), 64 * 1024);
            OutputStream out = connection.getOutputStream();
            while (true) {
                Request request = read(in);
                if (request == null) {
                    closedByClient.incrementAndGet();
                    return;
                }
                requests.add(request);
                replies.apply(request).write(connection, in, out);
                if (connection.isClosed()) {
                    return;
                }
            }
        } catch (ClientGone | SocketException e) {
            closedByClient.incrementAndGet();
        } catch (IOException | RuntimeException e) {
            failures.add(e);
        }
    }

    /** The client closed the connection while a reply was under way. */
    static final class ClientGone extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private static Request read(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.length() < 4 || !head.substring(head.length() - 4).equals("\r\n\r\n")) {
            int b = in.read();
            if (b < 0) {
                return null;
            }
            head.append((char) b);
        }
        String text = head.toString();
        Request bare = new Request(text, new byte[0]);
        String length = bare.header("content-length");
        byte[] body = in.readNBytes(length.isEmpty() ? 0 : Integer.parseInt(length));
        return new Request(text, body);
    }

    /** The text of everything that clients sent as bodies, in order. */
    List<String> bodies() {
        List<String> bodies = new ArrayList<>();
        requests.forEach(request -> bodies.add(request.text()));
        return bodies;
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }
}
