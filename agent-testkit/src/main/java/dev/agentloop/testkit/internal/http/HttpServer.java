package dev.agentloop.testkit.internal.http;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;

/** Accepts connections, and answers on each by a thread of its own. Thread-safe. */
public final class HttpServer implements AutoCloseable {
    private final ServerSocket socket;
    private final Map<Socket, Thread> connections = new HashMap<>();
    private int everConnected;
    private boolean closed;

    public HttpServer(ServerSocket socket) {
        this.socket = socket;
    }

    /**
     * Begins to accept.
     *
     * @param answers called by many threads at once
     * @param failed is told what {@code answers} throws
     */
    public void start(Function<HttpRequest, Answer> answers, Consumer<Throwable> failed) {
        thread(() -> accept(answers, failed), "scripted-server-" + port()).start();
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

    private void accept(Function<HttpRequest, Answer> answers, Consumer<Throwable> failed) {
        while (true) {
            Socket connection;
            try {
                connection = socket.accept();
            } catch (IOException e) {
                return; // The server was closed.
            }
            Thread thread = thread(
                    () -> serve(new ServerConnection(answers, failed, connection), connection),
                    "scripted-server-" + port() + "-" + connection.getPort());
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

    private void serve(ServerConnection served, Socket connection) {
        try {
            served.run();
        } finally {
            synchronized (connections) {
                connections.remove(connection);
            }
        }
    }

    private static Thread thread(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        return thread;
    }
}
