package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.entries;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an open store says when something is in its way, that nothing is lost by it, and that it goes on afterwards. */
class TroubleTest {
    private static final String SECRET = "pa55-of-the-database";
    private static EmbeddedPostgres server;
    private static PgConversationStore store;

    private final CapturedLog log = new CapturedLog();
    private String id = "";
    private List<LogEntry> before = List.of();
    private LogPosition head = LogPosition.START;

    @BeforeAll
    static void start() throws SQLException {
        server = Servers.newest();
        store = Servers.store(server).open();
        run(server, "CREATE ROLE visitor LOGIN PASSWORD '" + SECRET + "'");
        run(server, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO visitor");
    }

    @AfterAll
    static void stop() {
        store.close();
        server.close();
    }

    @BeforeEach
    void conversation() {
        id = newId();
        head = append(store, id, 3);
        before = store.read(id, 0, 10);
    }

    @AfterEach
    void assertNothingLostAndNoPasswordTold() {
        assertThat(store.read(id, 0, 100)).startsWith(before.toArray(new LogEntry[0]));
        append(store, id, 1);
        assertThat(log.text()).doesNotContain(SECRET).doesNotContain(server.password());
        log.close();
    }

    private PgConversationStore visitor() {
        return PgConversationStore.builder(server.jdbcUrl(), "visitor", SECRET)
                .allowDataLoss()
                .schema(SchemaMode.CHECK)
                .open();
    }

    private String told(Kind kind, ThrowingCallable act) {
        StoreException refusal = catchThrowableOfType(StoreException.class, act);
        assertThat(refusal).isNotNull();
        assertThat(refusal.kind()).as(refusal.getMessage()).isEqualTo(kind);
        return String.valueOf(refusal.getMessage());
    }

    private void assertUnchanged() {
        assertThat(store.read(id, 0, 10)).isEqualTo(before);
    }

    @Test
    void append_withoutTheRight_saysWhichRight() throws SQLException {
        try (PgConversationStore visiting = visitor()) {
            assertThat(told(Kind.UNAVAILABLE, () -> visiting.append(id, head, entries(head, 1))))
                    .isEqualTo("cannot append to conversation " + id
                            + ": permission denied for table agent_entry (SQLSTATE 42501); the statement append_one"
                            + " needs INSERT, SELECT on agent_entry: give the database user these rights, or the role"
                            + " agent_run of docs/postgres.md, which has them");
            assertUnchanged();
            assertThat(visiting.read(id, 0, 10)).isEqualTo(before);
            run(server, "GRANT INSERT ON agent_entry TO visitor");
            assertThat(append(visiting, id, 1).version()).isEqualTo(4);
        } finally {
            run(server, "REVOKE INSERT ON agent_entry FROM visitor");
        }
    }

    @Test
    void append_toAServerThatOnlyReads_saysSo() throws SQLException {
        run(server, "ALTER ROLE visitor SET default_transaction_read_only = on");
        run(server, "GRANT INSERT ON agent_entry TO visitor");
        try (PgConversationStore visiting = visitor()) {
            assertThat(told(Kind.UNAVAILABLE, () -> visiting.append(id, head, entries(head, 1))))
                    .isEqualTo("cannot append to conversation " + id
                            + ": cannot execute INSERT in a read-only transaction (SQLSTATE 25006); the server is a"
                            + " replica or was made read-only: connect to the primary");
            assertUnchanged();
            run(server, "ALTER ROLE visitor RESET default_transaction_read_only");
            // Each connection that only reads is given up when it says so.
            LogPosition appended = await().ignoreException(StoreException.class)
                    .until(() -> append(visiting, id, 1), position -> true);
            assertThat(appended.version()).isEqualTo(4);
        } finally {
            run(server, "REVOKE INSERT ON agent_entry FROM visitor");
        }
    }

    @Test
    void append_toAFullDisk_saysSoAndWorksWhenThereIsRoom(@TempDir Path folder) throws Exception {
        Path disk = Files.createDirectory(folder.resolve("disk"));
        Assumptions.assumeTrue(
                command("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.toString()) == 0,
                "no small disk: only root can mount one");
        try (EmbeddedPostgres small = Servers.newest();
                PgConversationStore full = Servers.store(small).open()) {
            Path ballast = disk.resolve("ballast");
            Files.write(ballast, new byte[12 << 20]);
            Path data = Files.createDirectory(disk.resolve("data"));
            run(small, "CREATE TABLESPACE small LOCATION '" + data + "'");
            run(small, "ALTER TABLE agent_entry SET TABLESPACE small");
            String large = newId();
            LogPosition[] at = {append(full, large, 1)};
            String message = told(Kind.UNAVAILABLE, () -> {
                for (int i = 0; i < 20; i++) {
                    at[0] = full.append(large, at[0], List.of(megabyte(at[0], i)));
                }
            });
            assertThat(message)
                    .startsWith("cannot append to conversation " + large + ": could not extend file ")
                    .endsWith("No space left on device (SQLSTATE 53100); the server's disk is full: make room");
            assertThat(full.head(large)).contains(at[0]);
            Files.delete(ballast);
            assertThat(append(full, large, 1).version()).isEqualTo(at[0].version() + 1);
            assertThat(full.read(large, 0, 100)).hasSize((int) at[0].version() + 1);
        } finally {
            command("umount", "-l", disk.toString());
        }
    }

    private static int command(String... words) throws Exception {
        return new ProcessBuilder(List.of(words)).inheritIO().start().waitFor();
    }

    // What cannot be compressed: digits of random bytes.
    private static LogEntry megabyte(LogPosition after, int seed) {
        byte[] payload = new byte[1 << 20];
        new Random(seed).nextBytes(payload);
        return LogEntry.after(after, "test", 1, 1, payload);
    }

    @Test
    void append_thatIsTooLarge_isRefusedBeforeItIsSent() {
        byte[] payload = new byte[16 << 20];
        List<LogEntry> entries = new ArrayList<>();
        LogPosition at = head;
        for (int i = 0; i < 9; i++) {
            entries.add(LogEntry.after(at, "test", 1, 1, payload));
            at = entries.get(i).position();
        }
        assertThat(told(Kind.UNAVAILABLE, () -> store.append(id, head, entries)))
                .isEqualTo("the append to conversation " + id + " has 150994944 bytes in 9 payloads, and at most"
                        + " 134217728 can be sent to PostgreSQL at once; nothing was sent: append less at once, or keep"
                        + " such content elsewhere");
        byte[] message = new byte[(128 << 20) + 1];
        assertThat(told(Kind.UNAVAILABLE, () -> store.leave(id, InboxMessage.of("large", "test", message))))
                .contains("the message for conversation " + id + " has 134217729 bytes in 1 payload, and");
        assertUnchanged();
        assertThat(store.inbox(id)).isEmpty();
    }

    @Test
    void append_ofAllThatMayBeSentAtOnce_works() {
        byte[] payload = new byte[128 << 20];
        Arrays.fill(payload, (byte) 'x');
        LogEntry entry = LogEntry.after(head, "test", 1, 1, payload);
        store.append(id, head, List.of(entry));
        assertThat(store.read(id, 3, 1)).containsExactly(entry);
        store.erase(id, Logs.marks(4L));
    }

    @Test
    void statement_beyondItsTimeLimit_isGivenUp() throws Exception {
        try (PgConversationStore hasty =
                        Servers.store(server).timeLimit(Duration.ofSeconds(1)).open();
                Connection other = Logs.connect(server)) {
            other.setAutoCommit(false);
            try (Statement statement = other.createStatement()) {
                statement.execute("LOCK TABLE agent_entry");
                assertThat(told(Kind.UNAVAILABLE, () -> hasty.load(id)))
                        .isEqualTo("cannot load conversation " + id
                                + ": canceling statement due to user request (SQLSTATE 57014); it took longer than its time"
                                + " limit or was cancelled: see what the server waits for");
            }
            other.rollback();
            assertThat(hasty.load(id)).isEqualTo(before);
        }
    }

    @Test
    void read_overAConnectionThatTheServerEnded_isDoneOverAnother() throws Exception {
        assertThat(store.load(id)).isEqualTo(before);
        Logs.one(
                server,
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                        + " WHERE application_name = 'agentloop' AND pid <> pg_backend_pid()");
        assertThat(store.load(id)).isEqualTo(before);
    }

    @Test
    void connections_thatAreAllInUse_areWaitedForAndThenMissed() throws Exception {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(server.jdbcUrl());
        config.setUsername(server.user());
        config.setPassword(server.password());
        config.setMaximumPoolSize(1);
        config.setConnectionTimeout(250);
        try (HikariDataSource pool = new HikariDataSource(config);
                PgConversationStore hosted =
                        PgConversationStore.builder(pool).allowDataLoss().open()) {
            try (Connection taken = pool.getConnection()) {
                assertThat(taken.isValid(1)).isTrue();
                assertThat(told(Kind.UNAVAILABLE, () -> hosted.append(id, head, entries(head, 1))))
                        .startsWith("cannot append to conversation " + id + ": ")
                        .contains("Connection is not available, request timed out after ")
                        .endsWith("; all connections are in use: make the pool larger, or see what keeps them");
            }
            assertUnchanged();
            assertThat(append(hosted, id, 1).version()).isEqualTo(4);
        }
    }

    @Test
    void connections_thatTheServerHasNoMoreOf_areMissed() throws Exception {
        run(server, "ALTER ROLE visitor CONNECTION LIMIT 1");
        try (PgConversationStore first = visitor()) {
            assertThat(first.read(id, 0, 10)).isEqualTo(before);
            assertThat(told(Kind.UNAVAILABLE, this::visitor))
                    .isEqualTo("cannot open the store: too many connections for role \"visitor\" (SQLSTATE 53300); the"
                            + " server takes no more connections: make the pool smaller or put a pooler before it");
        } finally {
            run(server, "ALTER ROLE visitor CONNECTION LIMIT -1");
        }
    }

    /* --- rows of others --- */

    private void insert(long seq, String kind) throws SQLException {
        run(
                server,
                "INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, digest, chain, payload) VALUES"
                        + " ('', '" + id + "', " + seq + ", 1, 1, '" + kind + "', sha256('a'), sha256('b'), '{}')");
    }

    @Test
    void rowOfAnotherWriter_isNotAppendedTo() throws SQLException {
        insert(4, "test");
        assertThat(told(Kind.CONFLICT, () -> store.append(id, head, entries(head, 2))))
                .contains("stands at version 4, not at the expected version 3");
        assertThat(store.read(id, 0, 10)).hasSize(4);
    }

    @Test
    void rowBehindAGap_isCorrupt() throws SQLException {
        insert(5, "test");
        assertThat(told(Kind.CORRUPT, () -> store.load(id)))
                .isEqualTo("conversation " + id + " has no version 4, but version 5: rows of agent_entry are missing;"
                        + " restore them from a backup");
        run(server, "DELETE FROM agent_entry WHERE seq = 5 AND conversation = '" + id + "'");
        assertUnchanged();
    }

    @Test
    void rowsOfAnotherWriter_areFoundWhenTheConversationIsResumed() throws SQLException {
        AgentLoop loop = AgentLoop.builder()
                .model(ScriptedModel.answering(ScriptedResponse.says("Hello.")))
                .store(store)
                .build();
        Conversation conversation = loop.newConversation();
        conversation.run("Hello");
        id = conversation.id();
        before = store.read(id, 0, 100);
        head = store.head(id).orElseThrow();
        LogEntry unknown = LogEntry.after(head, "from.the.future", 0, 1, new byte[] {'{', '}'});
        store.append(id, head, List.of(unknown));
        assertThat(told(Kind.UNKNOWN_FORMAT, () -> loop.resume(id).run("Go on")))
                .contains("an entry of kind \"from.the.future\"");
        insert(unknown.version() + 1, "item.user");
        assertThat(told(Kind.CORRUPT, () -> loop.resume(id).prompt()))
                .contains("does not follow version " + unknown.version())
                .contains("the log was changed after it was written");
    }
}
