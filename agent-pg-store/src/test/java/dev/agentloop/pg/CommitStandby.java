package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.FileVisitor;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** A real standby of a real server, made from a base backup; commits of the primary wait for it. */
final class CommitStandby implements AutoCloseable {
    /** Folders that a backup has and whose contents it has not. */
    private static final Set<String> EMPTY = Set.of(
            "pg_wal",
            "pg_replslot",
            "pg_dynshmem",
            "pg_notify",
            "pg_serial",
            "pg_snapshots",
            "pg_stat_tmp",
            "pg_subtrans",
            "pg_stat");

    private static final Set<String> LEFT_OUT =
            Set.of("postmaster.pid", "postmaster.opts", "standby.signal", "pg_internal.init");

    private final EmbeddedPostgres server;

    private CommitStandby(EmbeddedPostgres server) {
        this.server = server;
    }

    /** Returns when the standby follows the primary, and the primary's commits wait for it. */
    static CommitStandby of(EmbeddedPostgres primary, Path folder) throws SQLException, IOException {
        Path data = Files.createDirectory(
                folder.resolve("data"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        backUp(primary, data);
        Files.copy(primary.dataFolder().resolveSibling("password"), folder.resolve("password"));
        Files.createFile(data.resolve("standby.signal"));
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "primary_conninfo = 'host=127.0.0.1 port=" + primary.port() + " user=" + primary.user() + " password="
                        + primary.password() + " application_name=standby'\n",
                StandardOpenOption.APPEND);
        CommitStandby standby = new CommitStandby(EmbeddedPostgres.in(folder)
                .option("fsync", "off")
                .option("wal_retrieve_retry_interval", "100ms")
                .start());
        Logs.run(primary, "ALTER SYSTEM SET synchronous_standby_names = 'standby'");
        Logs.run(primary, "SELECT pg_reload_conf()");
        await().until(() -> Logs.one(primary, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
                .equals("1"));
        return standby;
    }

    private static void backUp(EmbeddedPostgres primary, Path data) throws SQLException, IOException {
        try (Connection connection = Logs.connect(primary);
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_backup_start('standby', true)");
            Files.walkFileTree(primary.dataFolder(), copyTo(primary.dataFolder(), data));
            Path control = Path.of("global", "pg_control");
            Files.copy(
                    primary.dataFolder().resolve(control), data.resolve(control), StandardCopyOption.REPLACE_EXISTING);
            try (ResultSet label = statement.executeQuery("SELECT labelfile FROM pg_backup_stop(false)")) {
                assertThat(label.next()).isTrue();
                Files.writeString(data.resolve("backup_label"), label.getString(1));
            }
        }
    }

    private static FileVisitor<Path> copyTo(Path from, Path to) {
        return new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                Files.createDirectories(to.resolve(from.relativize(folder)));
                if (!EMPTY.contains(folder.getFileName().toString())) {
                    return FileVisitResult.CONTINUE;
                }
                if (folder.endsWith("pg_wal")) {
                    Files.createDirectories(to.resolve("pg_wal").resolve("archive_status"));
                    Files.createDirectories(to.resolve("pg_wal").resolve("summaries"));
                }
                return FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!LEFT_OUT.contains(file.getFileName().toString())) {
                    try {
                        Files.copy(file, to.resolve(from.relativize(file)));
                    } catch (NoSuchFileException e) {
                        return FileVisitResult.CONTINUE; // gone meanwhile, as files of a running server go
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }
        };
    }

    EmbeddedPostgres server() {
        return server;
    }

    /** Stops all of its processes (SIGSTOP): its connections stay, and nothing answers. */
    void freeze() throws IOException, InterruptedException {
        signal("STOP");
    }

    /** Lets it go on. */
    void thaw() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        ProcessHandle postmaster = ProcessHandle.of(server.postmasterPid()).orElseThrow();
        List<ProcessHandle> all =
                Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
        assertThat(all).hasSizeGreaterThan(2);
        for (ProcessHandle process : all) {
            CommitStandby.signal(name, process.pid());
        }
    }

    /** Sends a signal, and returns when the process has stopped or goes on. */
    static void signal(String name, long pid) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("sh", "-c", "kill -s \"$1\" \"$2\"", "kill", name, "" + pid)
                        .start()
                        .waitFor())
                .isZero();
        await().until(() -> name.equals("STOP") == isStopped(pid));
    }

    private static boolean isStopped(long pid) throws IOException {
        try {
            return Files.readString(Path.of("/proc", "" + pid, "stat")).contains(") T ");
        } catch (NoSuchFileException e) {
            return false; // It went on, and ended.
        }
    }

    /** Makes it a primary. */
    void promote() throws SQLException {
        assertThat(Logs.one(server, "SELECT pg_promote(true, 60)")).isEqualTo("t");
    }

    @Override
    public void close() {
        if (server.isRunning()) {
            server.kill();
        }
        server.close();
    }
}
