package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.entries;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.one;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Appends whose commit waits for a standby that never answers: nobody knows their outcome until they are sent again. */
class OutcomeTest {
    private static final String WAITING =
            "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'agentloop'";

    private EmbeddedPostgres server;
    private PgConversationStore store;

    @BeforeEach
    void start() {
        server = Servers.newest();
        store = PgConversationStore.builder(server.jdbcUrl() + "?socketTimeout=1", server.user(), server.password())
                .allowDataLoss()
                .open();
    }

    @AfterEach
    void stop() {
        store.close();
        server.close();
    }

    private void standby(String name) throws SQLException {
        run(server, "ALTER SYSTEM SET synchronous_standby_names = '" + name + "'");
        run(server, "SELECT pg_reload_conf()");
        await().until(() -> one(server, "SHOW synchronous_standby_names").equals(name));
    }

    private void assertUnknown(String id, LogPosition head, List<LogEntry> entries) {
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> store.append(id, head, entries))
                .satisfies(e -> assertThat(e.kind()).as(e.getMessage()).isEqualTo(Kind.OUTCOME_UNKNOWN))
                .withMessageContaining("sending the very same again settles it");
    }

    @Test
    void append_whoseSocketEndedInTheCommit_isSettledBySendingItAgain() throws Exception {
        String id = newId();
        LogPosition head = append(store, id, 1);
        List<LogEntry> entries = entries(head, 3);
        standby("nobody");
        assertUnknown(id, head, entries);
        assertThat(store.head(id)).as("what a read would say meanwhile").contains(head);
        assertUnknown(id, head, entries);
        standby("");
        LogPosition end = store.append(id, head, entries);
        assertThat(end).isEqualTo(entries.get(2).position());
        assertThat(store.read(id, 0, 10)).hasSize(4);
        assertThat(append(store, id, 1).version()).isEqualTo(5);
    }

    @Test
    void beginning_whoseSocketEndedInTheCommit_isSettledBySendingItAgain() throws Exception {
        String id = newId();
        List<LogEntry> entries = entries(LogPosition.START, 2);
        standby("nobody");
        assertUnknown(id, LogPosition.START, entries);
        assertUnknown(id, LogPosition.START, entries);
        standby("");
        assertThat(store.append(id, LogPosition.START, entries))
                .isEqualTo(entries.get(1).position());
        assertThat(store.read(id, 0, 10)).hasSize(2);
    }

    @Test
    void append_whoseWaitWasCancelled_isNoAcknowledgement() throws Exception {
        String id = newId();
        try (PgConversationStore patient = Servers.store(server).open()) {
            LogPosition head = append(patient, id, 1);
            List<LogEntry> entries = entries(head, 1);
            standby("nobody");
            for (String what : List.of("the append", "the wait of the append that was sent again")) {
                Future<LogPosition> sent = CompletableFuture.supplyAsync(() -> patient.append(id, head, entries));
                await().until(() -> one(server, "SELECT count(*) " + WAITING).equals("1"));
                run(server, "SELECT pg_cancel_backend(pid) " + WAITING);
                assertThatExceptionOfType(ExecutionException.class)
                        .as(what)
                        .isThrownBy(sent::get)
                        .havingCause()
                        .isInstanceOf(StoreException.class)
                        .satisfies(e -> assertThat(((StoreException) e).kind()).isEqualTo(Kind.OUTCOME_UNKNOWN));
            }
            standby("");
            assertThat(patient.append(id, head, entries))
                    .isEqualTo(entries.get(0).position());
            assertThat(patient.read(id, 0, 10)).hasSize(2);
        }
    }

    @Test
    void append_toAServerThatWasKilled_isSettledWhenItIsBack() {
        String id = newId();
        LogPosition head = append(store, id, 1);
        List<LogEntry> entries = entries(head, 1);
        server.kill();
        assertUnknown(id, head, entries);
        server.restart();
        LogPosition end = await().ignoreException(StoreException.class)
                .until(() -> store.append(id, head, entries), position -> true);
        assertThat(end).isEqualTo(entries.get(0).position());
        assertThat(store.read(id, 0, 10)).hasSize(2);
    }
}
