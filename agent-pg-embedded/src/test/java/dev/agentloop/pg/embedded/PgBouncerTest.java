package dev.agentloop.pg.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.internal.ProcessTree;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PgBouncerTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void startServer() {
        server = EmbeddedPostgres.temporary().option("fsync", "off").start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    private static PgBouncer.Builder pooler() {
        return PgBouncer.before(server).program(Servers.pgBouncer());
    }

    @Test
    void manyClients_shareFewConnections() throws SQLException {
        try (PgBouncer pooler = pooler().option("default_pool_size", "2").start()) {
            List<Connection> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                clients.add(Sql.connect(pooler));
            }
            assertThat(clients)
                    .extracting(client -> Sql.one(client, "SELECT pg_backend_pid()"))
                    .hasSize(20);
            assertThat(clients)
                    .extracting(client -> Sql.one(client, "SELECT 7"))
                    .containsOnly("7");
            assertThat(Sql.one(
                            server,
                            "SELECT count(*) FROM pg_stat_activity WHERE client_port > 0 "
                                    + "AND pid <> pg_backend_pid()"))
                    .isIn("1", "2");
            for (Connection client : clients) {
                client.close();
            }
        }
    }

    @Test
    void session_endsWithItsTransaction() throws SQLException {
        try (PgBouncer pooler = pooler().option("default_pool_size", "1").start();
                Connection one = Sql.connect(pooler);
                Connection other = Sql.connect(pooler)) {
            assertThat(Sql.one(one, "SELECT pg_backend_pid()")).isEqualTo(Sql.one(other, "SELECT pg_backend_pid()"));
            one.setAutoCommit(false);
            assertThat(Sql.one(one, "SELECT 1")).isEqualTo("1");
            assertThatThrownBy(() -> Sql.one(other, "SELECT 1"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("query_wait_timeout");
            one.commit();
        }
    }

    @Test
    void serverKilledAndRestarted_isReachedAgain() throws SQLException {
        try (PgBouncer pooler = pooler().start()) {
            try (Connection client = Sql.connect(pooler)) {
                Sql.run(client, "CREATE TABLE kept AS SELECT 7 AS n");
                server.kill();
                assertThatThrownBy(() -> Sql.one(client, "SELECT n FROM kept")).isInstanceOf(SQLException.class);
            }
            assertThat(pooler.isRunning()).isTrue();
            server.restart();
            await().ignoreExceptions().untilAsserted(() -> {
                try (Connection client = Sql.connect(pooler)) {
                    assertThat(Sql.one(client, "SELECT n FROM kept")).isEqualTo("7");
                }
            });
        }
    }

    @Test
    void connect_withoutThePassword_isRefused() {
        try (PgBouncer pooler = pooler().start()) {
            assertThatThrownBy(() -> DriverManager.getConnection(pooler.jdbcUrl(), pooler.user(), "guess"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("SASL authentication failed");
        }
    }

    @Test
    void close_leavesNoProcess_andTheServerAlone() throws SQLException {
        ProcessHandle process;
        try (PgBouncer pooler = pooler().start()) {
            process = ProcessHandle.of(pooler.pid()).orElseThrow();
            assertThat(process.info().command())
                    .hasValueSatisfying(path -> assertThat(path).endsWith("pgbouncer"));
        }
        // A process that has ended may wait a moment for the JDK to reap it.
        assertThat(ProcessTree.isRunning(process)).isFalse();
        assertThat(Sql.one(server, "SELECT 7")).isEqualTo("7");
    }

    @Test
    void start_badOption_saysWhich() {
        PgBouncer.Builder builder = pooler().option("pool_mode", "sometimes");
        assertThatThrownBy(builder::start)
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageStartingWith("PgBouncer did not start: ")
                .hasMessageContaining("sometimes");
    }

    @Test
    void start_noSuchProgram_isRefused() {
        PgBouncer.Builder builder = PgBouncer.before(server).program(Path.of("/nowhere/pgbouncer"));
        assertThatThrownBy(builder::start)
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageContaining("/nowhere/pgbouncer");
    }

    @Test
    void option_lineBreak_isRefused() {
        PgBouncer.Builder builder = PgBouncer.before(server);
        assertThatThrownBy(() -> builder.option("pool_mode", "x\nadmin_users = postgres"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("an option of PgBouncer is one line: pool_mode");
    }
}
