package dev.agentloop.pg.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.ProcessTree;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("once")
class EmbeddedPostgresTest {
    @TempDir
    Path folder;

    /** The newest version, which is on the class path, and the oldest one, which lies beside it. */
    static Stream<Path> versions() {
        return Stream.of(null, Servers.oldestJar());
    }

    private EmbeddedPostgres.Builder server(Path jar) {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.in(folder.resolve("server"));
        return jar == null ? builder : builder.binaries(jar);
    }

    @ParameterizedTest
    @MethodSource("versions")
    void start_newFolder_takesConnections(Path jar) throws SQLException {
        try (EmbeddedPostgres server = server(jar).start()) {
            assertThat(Sql.one(server, "SHOW server_version")).isEqualTo(server.version());
            assertThat(server.version()).startsWith(jar == null ? "18." : "14.");
            assertThat(Sql.one(server, "SHOW fsync")).isEqualTo("on");
            assertThat(Sql.one(server, "SHOW synchronous_commit")).isEqualTo("on");
            assertThat(Sql.one(server, "SHOW data_checksums")).isEqualTo("on");
            assertThat(Sql.one(server, "SHOW server_encoding")).isEqualTo("UTF8");
            assertThat(Sql.one(server, "SHOW data_directory"))
                    .isEqualTo(server.dataFolder().toString());
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void restart_afterKill_keepsWhatWasCommitted(Path jar) throws SQLException {
        try (EmbeddedPostgres server = server(jar).start()) {
            Sql.run(server, "CREATE TABLE t(n int)");
            int port = server.port();
            for (int i = 1; i <= 3; i++) {
                Sql.run(server, "INSERT INTO t VALUES (" + i + ")");
                try (Connection open = Sql.connect(server)) {
                    open.setAutoCommit(false);
                    Sql.run(open, "INSERT INTO t VALUES (1000)");
                    List<ProcessHandle> processes = processes(server);
                    server.kill();
                    assertThat(processes).hasSizeGreaterThan(3).noneMatch(ProcessTree::isRunning);
                    assertThat(server.isRunning()).isFalse();
                }
                server.restart();
                assertThat(server.port()).isEqualTo(port);
                assertThat(Sql.one(server, "SELECT string_agg(n::text, ',' ORDER BY n) FROM t"))
                        .isEqualTo("1,2,3".substring(0, 2 * i - 1));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("versions")
    void start_folderOfAServerThatWasClosed_goesOn(Path jar) throws SQLException {
        String password;
        try (EmbeddedPostgres server = server(jar).start()) {
            password = server.password();
            Sql.run(server, "CREATE TABLE t AS SELECT 7 AS n");
        }
        try (EmbeddedPostgres server = server(jar).start()) {
            assertThat(server.password()).isEqualTo(password);
            assertThat(Sql.one(server, "SELECT n FROM t")).isEqualTo("7");
        }
    }

    @Test
    void restart_running_keepsPortAndData() throws SQLException {
        try (EmbeddedPostgres server = server(null).start()) {
            Sql.run(server, "CREATE TABLE t AS SELECT 7 AS n");
            int port = server.port();
            long pid = server.postmasterPid();
            server.restart();
            assertThat(server.port()).isEqualTo(port);
            assertThat(server.postmasterPid()).isNotEqualTo(pid);
            assertThat(Sql.one(server, "SELECT n FROM t")).isEqualTo("7");
        }
    }

    @Test
    void restart_serverThatDiedByItself_runsAgain() throws SQLException {
        try (EmbeddedPostgres server = server(null).start()) {
            Sql.run(server, "CREATE TABLE t AS SELECT 7 AS n");
            ProcessHandle postmaster = ProcessHandle.of(server.postmasterPid()).orElseThrow();
            postmaster.destroyForcibly();
            postmaster.onExit().join();
            assertThat(server.isRunning()).isFalse();
            server.restart();
            assertThat(Sql.one(server, "SELECT n FROM t")).isEqualTo("7");
        }
    }

    @Test
    void start_severalAtOnce_areApart() throws SQLException {
        List<CompletableFuture<EmbeddedPostgres>> starting = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            EmbeddedPostgres.Builder builder = EmbeddedPostgres.in(folder.resolve("server" + i))
                    .cache(folder.resolve("cache"))
                    .option("fsync", "off");
            starting.add(CompletableFuture.supplyAsync(builder::start));
        }
        List<EmbeddedPostgres> servers =
                starting.stream().map(CompletableFuture::join).toList();
        try {
            for (EmbeddedPostgres server : servers) {
                Sql.run(server, "CREATE TABLE t AS SELECT " + server.port() + " AS n");
            }
            for (EmbeddedPostgres server : servers) {
                assertThat(Sql.one(server, "SELECT n FROM t")).isEqualTo("" + server.port());
            }
            assertThat(servers).extracting(EmbeddedPostgres::port).doesNotHaveDuplicates();
            assertThat(servers).extracting(EmbeddedPostgres::password).doesNotHaveDuplicates();
        } finally {
            servers.forEach(EmbeddedPostgres::close);
        }
    }

    @Test
    void close_leavesNoProcess() throws SQLException {
        List<ProcessHandle> processes;
        Connection open;
        try (EmbeddedPostgres server = server(null).start()) {
            open = Sql.connect(server);
            assertThat(open.isValid(5)).isTrue();
            processes = processes(server);
        }
        assertThat(processes).hasSizeGreaterThan(3).noneMatch(ProcessTree::isRunning);
        assertThat(open.isValid(5)).isFalse();
        open.close();
        assertThat(ProcessHandle.current().descendants()).noneMatch(ProcessTree::isRunning);
        assertThat(folder.resolve("server/server.log"))
                .content(StandardCharsets.UTF_8)
                .contains("database system is shut down");
    }

    @Test
    void close_temporary_deletesItsFolder() throws SQLException {
        Path data;
        try (EmbeddedPostgres server =
                EmbeddedPostgres.temporary().option("fsync", "off").start()) {
            data = server.dataFolder();
            assertThat(data).isDirectory();
            assertThat(Sql.one(server, "SHOW fsync")).isEqualTo("off");
        }
        assertThat(data.getParent()).doesNotExist();
    }

    @Test
    void connect_withoutThePassword_isRefused() {
        try (EmbeddedPostgres server = server(null).start()) {
            assertThatThrownBy(() -> DriverManager.getConnection(server.jdbcUrl(), server.user(), "guess"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("password authentication failed");
            assertThat(server.password()).hasSizeGreaterThanOrEqualTo(32);
            assertThat(server.jdbcUrl() + server).doesNotContain(server.password());
        }
    }

    @Test
    void folder_isItsOwnersOnly() throws Exception {
        try (EmbeddedPostgres server = server(null).start()) {
            Path password = folder.resolve("server/password");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(password)))
                    .isEqualTo("rw-------");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("server"))))
                    .isEqualTo("rwx------");
            assertThat(password).content(StandardCharsets.UTF_8).isEqualTo(server.password());
            assertThat(server.logFile()).content(StandardCharsets.UTF_8).doesNotContain(server.password());
            assertThat(ProcessHandle.of(server.postmasterPid())
                            .orElseThrow()
                            .info()
                            .commandLine())
                    .hasValueSatisfying(line -> assertThat(line).doesNotContain(server.password()));
        }
    }

    @Test
    void lower_knowsUnicode() throws SQLException {
        try (EmbeddedPostgres server = server(null).start()) {
            assertThat(Sql.one(server, "SELECT 'ÄÖŁЖ' ILIKE 'äöłж'")).isEqualTo("t");
        }
    }

    private static List<ProcessHandle> processes(EmbeddedPostgres server) {
        ProcessHandle postmaster = ProcessHandle.of(server.postmasterPid()).orElseThrow();
        return Stream.concat(Stream.of(postmaster), postmaster.descendants()).toList();
    }
}
