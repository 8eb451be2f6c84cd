package dev.agentloop.pg;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a driver and its server, counts the statements that pass, and kills the server (SIGKILL) at one of them,
 * to start it again at once. The driver sees a connection that breaks, as it would see it of a machine that dies.
 *
 * <p>It reads PostgreSQL's protocol as far as it must: a statement is what ends with a Query or a Sync message. Thread-safe.
 */
final class CrashProxy implements AutoCloseable {
    private static final Set<Character> STATEMENT_ENDS = Set.of('Q', 'S');
    private static final Set<Character> WAITS = Set.of('P', 'B', 'D', 'E', 'C');
    private static final int ENCRYPTION_REQUESTS_FROM = 80_877_103;

    private final EmbeddedPostgres server;
    private final ServerSocket listener;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private int passed;
    private int deadly;
    private Moment moment = Moment.BEFORE_IT_ARRIVES;
    private boolean fired;

    /** When the server dies. */
    enum Moment {
        /** The statement does not reach it. */
        BEFORE_IT_ARRIVES,
        /** The statement is on its way, and may be done or not. */
        AT_ONCE,
        /** The statement is done, and committed if that was its task; nobody reads its answer. */
        BEFORE_ITS_ANSWER
    }

    CrashProxy(EmbeddedPostgres server) throws IOException {
        this.server = server;
        this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        var unused = threads.submit(this::accept);
    }

    String jdbcUrl() {
        return server.jdbcUrl().replaceFirst(":\\d+/", ":" + listener.getLocalPort() + "/");
    }

    /** Counts from here on, and kills the server at that statement; never at 0. */
    synchronized void killAt(int statement, Moment when) {
        passed = 0;
        deadly = statement;
        moment = when;
        fired = false;
    }

    /** How many statements have passed. */
    synchronized int passed() {
        return passed;
    }

    /** Whether the server was killed; it has recovered then. */
    synchronized boolean fired() {
        return fired;
    }

    /** Returns when the server runs again, if it was killed. */
    synchronized void awaitRecovery() {
        // Whoever kills it keeps the lock until it runs again.
    }

    /** The moment at which this statement is deadly; null where it is not. */
    private synchronized @Nullable Moment next() {
        passed++;
        return passed == deadly ? moment : null;
    }

    private synchronized void kill() {
        server.kill();
        server.restart();
        fired = true;
    }

    private void accept() {
        try {
            while (true) {
                Socket driver = listener.accept();
                sockets.add(driver);
                var unused = threads.submit(() -> connect(driver));
            }
        } catch (IOException e) {
            if (!listener.isClosed()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void connect(Socket driver) {
        try (driver;
                Socket upstream = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            sockets.add(upstream);
            Connection connection = new Connection(driver, upstream);
            var unused = threads.submit(connection::answers);
            connection.statements();
            sockets.remove(upstream);
        } catch (IOException e) {
            // The driver or the server has gone; both sockets are closed, and the driver sees it.
        } finally {
            sockets.remove(driver);
        }
    }

    /** One connection of a driver's. */
    private final class Connection {
        private final Socket driver;
        private final Socket upstream;
        private volatile boolean unread;

        Connection(Socket driver, Socket upstream) {
            this.driver = driver;
            this.upstream = upstream;
        }

        /** Hands on what the driver sends, each statement as a whole. */
        void statements() throws IOException {
            DataInputStream in = new DataInputStream(driver.getInputStream());
            OutputStream out = upstream.getOutputStream();
            begin(in, out);
            ByteArrayOutputStream statement = new ByteArrayOutputStream();
            while (true) {
                char type = (char) in.readUnsignedByte();
                statement.write(type);
                statement.writeBytes(message(in));
                if (!WAITS.contains(type)) {
                    Moment deadlyMoment = STATEMENT_ENDS.contains(type) ? next() : null;
                    if (deadlyMoment == Moment.BEFORE_IT_ARRIVES) {
                        kill();
                        return;
                    }
                    unread = deadlyMoment == Moment.BEFORE_ITS_ANSWER;
                    out.write(statement.toByteArray());
                    statement.reset();
                    if (deadlyMoment == Moment.AT_ONCE) {
                        kill();
                        return;
                    }
                }
            }
        }

        /** What comes first has no type: requests for encryption, and who the driver is. */
        private void begin(DataInputStream in, OutputStream out) throws IOException {
            byte[] message;
            do {
                message = message(in);
                out.write(message);
            } while (ByteBuffer.wrap(message).getInt(Integer.BYTES) >= ENCRYPTION_REQUESTS_FROM);
        }

        private static byte[] message(DataInputStream in) throws IOException {
            int length = in.readInt();
            byte[] message = new byte[length];
            ByteBuffer.wrap(message).putInt(length);
            in.readFully(message, Integer.BYTES, length - Integer.BYTES);
            return message;
        }

        /** Hands on what the server answers, until nobody is to read it any more. */
        void answers() {
            try (driver;
                    upstream) {
                InputStream in = upstream.getInputStream();
                byte[] buffer = new byte[1 << 16];
                for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                    if (unread) {
                        // It answers when the commit is done.
                        kill();
                        return;
                    }
                    driver.getOutputStream().write(buffer, 0, read);
                }
            } catch (IOException e) {
                // As in connect.
            }
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : sockets) {
            socket.close();
        }
        threads.shutdownNow();
    }
}
