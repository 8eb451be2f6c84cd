package dev.agentloop.testkit.internal.http;

import dev.agentloop.testkit.internal.response.ResponseScript;
import dev.agentloop.testkit.internal.response.ResponseScript.How;
import java.io.IOException;
import java.io.OutputStream;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections, and answers on each by a thread of its own. Thread-safe. */
public final class HttpServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger("dev.agentloop.testkit.ScriptedServer");
    private static final byte[] LINE = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final ServerSocket socket;
    private final Function<HttpRequest, Answer> answers;
    private final Consumer<Throwable> failed;
    private final Map<Socket, Thread> connections = new HashMap<>();
    private int everConnected;
    private boolean closed;

    /**
     * What is to be done with one request.
     *
     * @param fixed what goes out as it is; null where the events go out in their form
     * @param over is told that the answer went out
     */
    public record Answer(@Nullable HttpReply fixed, ResponseEvents events, ResponseEvents.Form form, Runnable over) {}

    /** On a socket that is bound; {@code failed} is told what {@code answers} throws, and many threads call both. */
    public HttpServer(ServerSocket socket, Function<HttpRequest, Answer> answers, Consumer<Throwable> failed) {
        this.socket = socket;
        this.answers = answers;
        this.failed = failed;
    }

    public void start() {
        thread(this::accept, "scripted-server-" + port()).start();
    }

    public int port() {
        return socket.getLocalPort();
    }

    /** How many connections were ever made. */
    public int connections() {
        synchronized (connections) {
            return everConnected;
        }
    }

    /** Closes all connections and ends all threads. */
    @Override
    public void close() {
        List<Thread> threads;
        synchronized (connections) {
            closed = true;
            closeQuietly(socket);
            connections.keySet().forEach(HttpServer::closeQuietly);
            threads = List.copyOf(connections.values());
        }
        threads.forEach(Thread::interrupt);
    }

    private static void closeQuietly(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            throw new IllegalStateException("a socket could not be closed: " + e.getMessage(), e);
        }
    }

    private void accept() {
        while (true) {
            Socket connection;
            try {
                connection = socket.accept();
            } catch (IOException e) {
                return; // The server was closed.
            }
            Thread thread =
                    thread(new Connection(connection), "scripted-server-" + port() + "-" + connection.getPort());
            synchronized (connections) {
                if (closed) {
                    closeQuietly(connection);
                    return;
                }
                connections.put(connection, thread);
                everConnected++;
            }
            thread.start();
        }
    }

    private static Thread thread(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }

    /** One connection, on a thread of its own. */
    private final class Connection implements Runnable {
        private final Socket socket;

        Connection(Socket socket) {
            this.socket = socket;
        }

        /** The script has the connection broken here. */
        private static final class Broken extends IOException {
            private static final long serialVersionUID = 1L;
        }

        @Override
        public void run() {
            try (socket) {
                socket.setTcpNoDelay(true);
                OutputStream out = socket.getOutputStream();
                HttpRequest.Reader reader = new HttpRequest.Reader(socket.getInputStream());
                HttpRequest request;
                do {
                    request = reader.next(() -> send(out, "HTTP/1.1 100 Continue\r\n\r\n"));
                } while (request != null && answer(request, out) && request.keepsAlive());
            } catch (IOException e) {
                // The other side left, the server was closed, or the script says so.
                LOG.debug("connection ended: {}", e.toString());
            } catch (InterruptedException e) {
                LOG.debug("the server was closed while an answer waited");
            } catch (RuntimeException | Error e) {
                failed.accept(e);
            } finally {
                synchronized (connections) {
                    connections.remove(socket);
                }
            }
        }

        /** Answers one request; false if the connection ends with it. */
        private boolean answer(HttpRequest request, OutputStream out) throws IOException, InterruptedException {
            Answer answer = answers.apply(request);
            HttpReply fixed = answer.fixed();
            boolean goesOn = fixed != null ? reply(fixed, out) : respond(answer.events(), answer.form(), out);
            answer.over().run();
            return goesOn;
        }

        private static boolean reply(HttpReply reply, OutputStream out) throws IOException {
            if (reply.status() == 0) {
                return false;
            }
            StringBuilder head = new StringBuilder("HTTP/1.1 " + reply.status() + " Scripted\r\n");
            reply.headers().forEach(header -> head.append(header).append("\r\n"));
            head.append("content-length: ").append(reply.body().length).append("\r\n\r\n");
            byte[] bytes = head.toString().getBytes(StandardCharsets.ISO_8859_1);
            byte[] all = Arrays.copyOf(bytes, bytes.length + reply.body().length);
            System.arraycopy(reply.body(), 0, all, bytes.length, reply.body().length);
            out.write(all);
            out.flush();
            return true;
        }

        private boolean respond(ResponseEvents events, ResponseEvents.Form form, OutputStream out)
                throws IOException, InterruptedException {
            ResponseScript response = events.response();
            String id = "x-request-id: req_" + events.number();
            if (form != ResponseEvents.Form.STREAM) {
                byte[] whole = events.whole(form);
                breakIfScripted(response);
                return reply(new HttpReply(200, List.of("content-type: application/json", id), whole), out)
                        && !response.delivery().closes();
            }
            String head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n" + id
                    + "\r\ntransfer-encoding: chunked\r\n\r\n";
            ChunkedBody body = new ChunkedBody(response.delivery(), head.getBytes(StandardCharsets.US_ASCII), out);
            events.stream(body::send);
            breakIfScripted(response);
            body.end();
            return !response.delivery().closes();
        }

        private void breakIfScripted(ResponseScript response) throws IOException {
            if (response.ending().how() == How.SILENT) {
                // Until the client closes, or the server does.
                while (socket.getInputStream().read() >= 0) {
                    LOG.trace("a client that was told nothing says something");
                }
            }
            if (response.ending().how() == How.SILENT || response.ending().how() == How.BROKEN) {
                throw new Broken();
            }
        }

        private static void send(OutputStream out, String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.US_ASCII));
            out.flush();
        }

        /** A body in chunks, which may be cut or come in small pieces. Head and first chunk go out together. */
        private static final class ChunkedBody {
            private final ResponseScript.Delivery delivery;
            private final OutputStream out;
            private byte[] head;
            private int left;

            ChunkedBody(ResponseScript.Delivery delivery, byte[] head, OutputStream out) {
                this.delivery = delivery;
                this.head = head;
                this.out = out;
                this.left = delivery.cutAfter() < 0 ? Integer.MAX_VALUE : delivery.cutAfter();
            }

            void send(byte[] bytes) throws IOException {
                int piece = delivery.pieceBytes() > 0 ? delivery.pieceBytes() : bytes.length;
                for (int from = 0; from < bytes.length; from += piece) {
                    int count = Math.min(Math.min(piece, bytes.length - from), left);
                    chunk(bytes, from, count);
                    left -= count;
                    if (left == 0) {
                        throw new Broken();
                    }
                }
            }

            private void chunk(byte[] bytes, int from, int count) throws IOException {
                byte[] size = (Integer.toHexString(count) + "\r\n").getBytes(StandardCharsets.US_ASCII);
                byte[] all = Arrays.copyOf(head, head.length + size.length + count + LINE.length);
                int at = head.length;
                System.arraycopy(size, 0, all, at, size.length);
                System.arraycopy(bytes, from, all, at + size.length, count);
                System.arraycopy(LINE, 0, all, at + size.length + count, LINE.length);
                head = new byte[0];
                if (count > 0) {
                    out.write(all);
                    out.flush();
                }
            }

            void end() throws IOException {
                out.write(LAST_CHUNK);
                out.flush();
            }
        }
    }
}
