package dev.agentloop.pg.embedded;

import dev.agentloop.internal.ProcessTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A real PgBouncer in transaction mode before an {@link EmbeddedPostgres}, to see what an application does behind one.
 *
 * <p>Each transaction gets some connection of a small pool, so nothing that belongs to a session works: no {@code SET}, no
 * session advisory lock, no {@code LISTEN}, no statement prepared on the server. It listens on the loopback interface and
 * asks for the server's own password (scram-sha-256). Its program is not on Maven Central: it must be installed.
 *
 * <p>It ends with its JVM. The server may be killed and restarted behind it. Thread-safe.
 */
public final class PgBouncer implements AutoCloseable {
    private static final Duration START_LIMIT = Duration.ofSeconds(20);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(2);
    private static final Duration POLL = Duration.ofMillis(5);
    private static final int PORT_TRIES = 10;

    private final EmbeddedPostgres server;
    private final Path folder;
    private final int port;
    private final Daemon daemon;
    private boolean closed;

    private PgBouncer(EmbeddedPostgres server, Path folder, int port, Daemon daemon) {
        this.server = server;
        this.folder = folder;
        this.port = port;
        this.daemon = daemon;
    }

    /** A pooler for all databases of a server. */
    public static Builder before(EmbeddedPostgres server) {
        return new Builder(server);
    }

    /** Where the program is: in a folder of the {@code PATH}, or where systems put what administrators start. */
    public static Optional<Path> find() {
        return ProcessTree.program("pgbouncer", System.getenv())
                .or(() -> Stream.of("/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer", "/opt/homebrew/bin/pgbouncer")
                        .map(Path::of)
                        .filter(Files::isExecutable)
                        .findFirst());
    }

    /**
     * Where the pooler is, for the database {@code postgres}; without the password. It tells pgjdbc to prepare nothing on
     * the server, which PgBouncer before 1.21 cannot do.
     */
    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres?prepareThreshold=0";
    }

    /** The user to connect as: the server's. */
    public String user() {
        return server.user();
    }

    /** That user's password. */
    public String password() {
        return server.password();
    }

    /** The pooler's port. */
    public int port() {
        return port;
    }

    /** The pooler's process id. */
    public long pid() {
        return daemon.pid();
    }

    /** Whether it runs. */
    public boolean isRunning() {
        return daemon.alive();
    }

    /** Ends the pooler with all connections through it; the server goes on. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        // Newer versions wait for their clients on TERM. It holds nothing that could be lost.
        daemon.signal("TERM");
        if (!daemon.hasEnded(STOP_LIMIT)) {
            daemon.kill();
        }
        daemon.forget();
        delete(folder);
    }

    private static void delete(Path folder) {
        try {
            Folders.delete(folder);
        } catch (IOException e) {
            throw new EmbeddedPostgresException("cannot delete PgBouncer's folder " + folder + ": " + e, e);
        }
    }

    /** What a pooler is to be like. Not thread-safe. */
    public static final class Builder {
        private final EmbeddedPostgres server;
        private final Map<String, String> options = new LinkedHashMap<>();
        private @Nullable Path program;

        private Builder(EmbeddedPostgres server) {
            this.server = server;
            options.put("pool_mode", "transaction");
            options.put("max_client_conn", "2000");
            options.put("default_pool_size", "16");
            // Its own values make clients wait for up to two minutes after the server was restarted.
            options.put("server_login_retry", "1");
            options.put("query_wait_timeout", "2");
            options.put("server_connect_timeout", "2");
        }

        /**
         * A line of the section {@code [pgbouncer]} of its configuration.
         *
         * @throws IllegalArgumentException if either holds a line break
         */
        public Builder option(String name, String value) {
            if ((name + value).matches("(?s).*[\\r\\n].*")) {
                throw new IllegalArgumentException("an option of PgBouncer is one line: " + name);
            }
            options.put(name, value);
            return this;
        }

        /** The program, where {@link PgBouncer#find} would find none, or another one. */
        public Builder program(Path file) {
            program = file;
            return this;
        }

        /**
         * Starts the pooler; returns when it takes connections.
         *
         * @throws EmbeddedPostgresException if there is no program, or it refuses its configuration
         */
        public PgBouncer start() {
            Path found = program != null
                    ? program
                    : find().orElseThrow(
                                    () -> new EmbeddedPostgresException("the program pgbouncer is neither in the PATH "
                                            + "nor in /usr/sbin: install it (Debian, Ubuntu: apt-get install pgbouncer; macOS: brew "
                                            + "install pgbouncer), or name it by program(…)"));
            Path folder;
            try {
                folder = Files.createTempDirectory("agentloop-pgbouncer-");
            } catch (IOException e) {
                throw new EmbeddedPostgresException("no temporary folder for PgBouncer: " + e, e);
            }
            try {
                return start(found, folder);
            } catch (IOException | RuntimeException e) {
                delete(folder);
                throw e instanceof EmbeddedPostgresException known
                        ? known
                        : new EmbeddedPostgresException("PgBouncer did not start: " + e, e);
            }
        }

        private PgBouncer start(Path found, Path folder) throws IOException {
            Path users = folder.resolve("users.txt");
            Secret.write(users, "\"" + server.user() + "\" \"" + server.password() + "\"\n");
            Path log = folder.resolve("pgbouncer.log");
            String output = "";
            for (int i = 0; i < PORT_TRIES; i++) {
                int port = Ports.free();
                Path configuration = folder.resolve("pgbouncer.ini");
                Files.writeString(configuration, configuration(port, users));
                Daemon daemon = Daemon.start(List.of(found.toString(), configuration.toString()), "TERM", log);
                if (isUp(daemon)) {
                    return new PgBouncer(server, folder, port, daemon);
                }
                daemon.kill();
                daemon.forget();
                output = daemon.output();
                if (!output.contains("Address already in use")) {
                    break;
                }
            }
            throw new EmbeddedPostgresException(
                    "PgBouncer did not start: " + output.replaceAll("\\s*\\n", "; ") + Programs.advice(output, folder));
        }

        private static boolean isUp(Daemon daemon) {
            long begun = System.nanoTime();
            while (!daemon.output().contains("process up:")) {
                if (daemon.endsWithin(POLL) || System.nanoTime() - begun > START_LIMIT.toNanos()) {
                    return false;
                }
            }
            return true;
        }

        private String configuration(int port, Path users) {
            StringBuilder text = new StringBuilder();
            text.append("[databases]\n* = host=127.0.0.1 port=").append(server.port());
            text.append("\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = ")
                    .append(port);
            text.append("\nunix_socket_dir =\nauth_type = scram-sha-256\nauth_file = ")
                    .append(users);
            options.forEach((name, value) ->
                    text.append('\n').append(name).append(" = ").append(value));
            return text.append('\n').toString();
        }
    }
}
