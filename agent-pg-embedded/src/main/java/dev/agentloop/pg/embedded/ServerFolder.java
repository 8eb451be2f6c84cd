package dev.agentloop.pg.embedded;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one server: its data, the password, its log, and a lock that belongs to the JVM that runs the server.
 *
 * <p>The system releases the lock when that JVM is gone, however it ended.
 */
final class ServerFolder implements AutoCloseable {
    static final String USER = "postgres";
    /** For a server whose JVM was killed: its watchdog has told it to end, and it writes out what it has in memory. */
    private static final Duration FORMER_SERVER = Duration.ofSeconds(30);
    /** The first version with Unicode rules of its own that do not depend on the system's. */
    private static final int BUILTIN_LOCALE_SINCE = 17;

    private final Path folder;
    private final FileChannel lockFile;
    private @Nullable String password;

    private ServerFolder(Path folder, FileChannel lockFile) {
        this.folder = folder;
        this.lockFile = lockFile;
    }

    /** Takes the folder, making it if it does not exist. */
    static ServerFolder open(Path folder) {
        try {
            Folders.create(folder);
            Path path = folder.resolve("lock");
            FileChannel file = FileChannel.open(
                    path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
            if (!lock(file)) {
                String holder = Files.readString(path).strip();
                file.close();
                throw new EmbeddedPostgresException("the PostgreSQL in " + folder + " is run by process " + holder
                        + ": end that one first, connect to its server, or use another folder");
            }
            file.truncate(0);
            file.write(StandardCharsets.US_ASCII.encode(ProcessHandle.current().pid() + "\n"));
            return new ServerFolder(folder.toRealPath(), file);
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    private static boolean lock(FileChannel file) throws IOException {
        try {
            FileLock lock = file.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    Path path() {
        return folder;
    }

    Path data() {
        return folder.resolve("data");
    }

    Path log() {
        return folder.resolve("server.log");
    }

    String password() {
        return Objects.requireNonNull(password, "prepare() was not called");
    }

    /**
     * Sees to it that a server of this version can be started here.
     *
     * @param durable whether a new folder's files are forced to the disk
     */
    void prepare(Binaries binaries, boolean durable) {
        try {
            awaitFormerServer();
            if (Files.exists(log())) {
                Files.move(log(), folder.resolve("server.log.previous"), StandardCopyOption.REPLACE_EXISTING);
            }
            Path secret = folder.resolve("password");
            if (!Files.exists(data())) {
                Secret.write(secret, Secret.random());
                initialise(binaries, secret, durable);
            } else {
                checkVersion(binaries);
            }
            if (!Files.exists(secret)) {
                throw new EmbeddedPostgresException(
                        secret + " is missing, and without it nobody can connect to the server in " + data()
                                + ": restore the file, or use another folder");
            }
            password = Files.readString(secret);
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    private void initialise(Binaries binaries, Path secret, boolean durable) throws IOException {
        // Renamed when it is complete: what a killed process leaves behind is never taken for data.
        Path partial = folder.resolve("data.partial");
        Folders.delete(partial);
        List<String> command = new ArrayList<>(List.of(
                binaries.program("initdb"),
                "--pgdata=" + partial,
                "--username=" + USER,
                "--pwfile=" + secret,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--data-checksums"));
        if (Integer.parseInt(binaries.major()) >= BUILTIN_LOCALE_SINCE) {
            command.addAll(List.of("--locale-provider=builtin", "--builtin-locale=C.UTF-8"));
        }
        if (!durable) {
            command.add("--no-sync");
        }
        Programs.Result result = Programs.run(command);
        if (result.exitCode() != 0) {
            String advice = Programs.advice(result.output(), folder);
            Folders.delete(partial);
            throw new EmbeddedPostgresException(
                    "cannot make a PostgreSQL " + binaries.version() + " in " + folder + ": "
                            + result.output()
                                    .replaceAll("(?s).*\\.\\.\\. (?=initdb: )|\\s*\\n\\s*", " ")
                                    .strip() + advice);
        }
        Files.move(partial, data(), StandardCopyOption.ATOMIC_MOVE);
        Folders.force(folder);
    }

    private void checkVersion(Binaries binaries) throws IOException {
        Path file = data().resolve("PG_VERSION");
        if (!Files.exists(file)) {
            throw new EmbeddedPostgresException(data() + " holds no PostgreSQL data: use another folder");
        }
        String major = Files.readString(file).strip();
        if (!major.equals(binaries.major())) {
            throw new EmbeddedPostgresException("the data in " + folder + " is PostgreSQL " + major + "'s, and this is "
                    + binaries.version() + ": use a " + major + " by binaries(…), or move the data with pg_dump");
        }
    }

    /** Waits for the end of a server whose JVM is gone, and removes what one left behind that was killed. */
    private void awaitFormerServer() throws IOException {
        Optional<PidFile> file = PidFile.read(data());
        Optional<ProcessHandle> former =
                file.flatMap(left -> ProcessHandle.of(left.pid())).filter(ServerFolder::isPostgres);
        if (former.isPresent()) {
            await(former.get());
        } else if (file.isPresent()) {
            // PostgreSQL itself would refuse if some other process had got the number since.
            Files.deleteIfExists(data().resolve(PidFile.NAME));
        }
    }

    private void await(ProcessHandle former) {
        if (!Programs.end(List.of(former), FORMER_SERVER)) {
            throw new EmbeddedPostgresException(
                    "a PostgreSQL server that nobody here has started runs in " + data() + " as process " + former.pid()
                            + ", and has not ended within " + FORMER_SERVER.toSeconds() + " s: end it by kill -INT "
                            + former.pid());
        }
    }

    private static boolean isPostgres(ProcessHandle process) {
        // Another user's process has no command that one may read. It cannot be a server in this folder.
        return process.info()
                .command()
                .filter(path -> path.endsWith("postgres"))
                .isPresent();
    }

    private static EmbeddedPostgresException unusable(Path folder, IOException e) {
        return new EmbeddedPostgresException(
                "the folder " + folder + " cannot be used for a PostgreSQL server: " + e
                        + Programs.advice(String.valueOf(e.getMessage()), folder),
                e);
    }

    /** Lets others have the folder. */
    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }

    /** Deletes all of it. The server must have ended. */
    void delete() {
        try {
            Folders.delete(folder);
        } catch (IOException e) {
            throw unusable(folder, e);
        }
    }
}
