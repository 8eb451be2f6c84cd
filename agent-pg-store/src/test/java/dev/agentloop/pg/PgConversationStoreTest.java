package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.entries;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.one;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a store in PostgreSQL does beyond the contract. */
class PgConversationStoreTest {
    private static EmbeddedPostgres server;
    private static PgConversationStore store;

    @BeforeAll
    static void start() {
        server = Servers.newest();
        store = Servers.store(server).activity(Duration.ZERO).open();
    }

    @AfterAll
    static void stop() {
        store.close();
        server.close();
    }

    private static StoreException refused(Kind kind, ThrowingCallable act) {
        StoreException[] refusal = new StoreException[1];
        assertThatExceptionOfType(StoreException.class).isThrownBy(act).satisfies(e -> {
            assertThat(e.kind()).as(e.getMessage()).isEqualTo(kind);
            refusal[0] = e;
        });
        return refusal[0];
    }

    @Test
    void tenant_seesNothingOfAnother() {
        String id = newId();
        PgConversationStore acme = store.tenant("acme");
        PgConversationStore other = store.tenant("acm\u00e9 'x'");
        assertThat(acme.tenant()).isEqualTo("acme");
        LogPosition head = append(acme, id, 3);
        acme.leave(id, InboxMessage.of("a", "test", new byte[] {'1'}));
        for (PgConversationStore stranger : List.of(store, other)) {
            assertThat(stranger.head(id)).isEmpty();
            assertThat(stranger.read(id, 0, 10)).isEmpty();
            assertThat(stranger.load(id)).isEmpty();
            assertThat(stranger.inbox(id)).isEmpty();
            assertThat(stranger.list("", 1_000))
                    .noneMatch(summary -> summary.conversation().equals(id));
            refused(Kind.CONFLICT, () -> stranger.append(id, head, entries(head, 1)));
            refused(Kind.NOT_FOUND, () -> stranger.fork(id, head, newId()));
            refused(Kind.NOT_FOUND, () -> stranger.leave(id, InboxMessage.of("b", "test", new byte[] {'1'})));
            stranger.erase(id, Logs.marks(1L, 2L, 3L));
            stranger.removeMessages(id, List.of("a"));
            stranger.delete(id);
        }
        append(other, id, 1);
        acme.close();
        assertThat(acme.load(id))
                .hasSize(3)
                .allSatisfy(entry -> assertThat(entry.payload()).isNotNull());
        assertThat(acme.inbox(id)).hasSize(1);
        assertThat(other.load(id)).hasSize(1);
    }

    @Test
    void losingAppends_takeNoTransactionAndLeaveNoRow() throws SQLException {
        String id = newId();
        LogPosition first = append(store, id, 1);
        append(store, id, 1);
        LogPosition tooHigh = entries(first, 5).get(4).position();
        String before = one(server, "SELECT pg_snapshot_xmax(pg_current_snapshot())");
        for (int i = 0; i < 20; i++) {
            refused(Kind.CONFLICT, () -> store.append(id, tooHigh, entries(tooHigh, 2)));
            refused(Kind.CONFLICT, () -> store.append(id, LogPosition.START, entries(LogPosition.START, 2)));
        }
        assertThat(one(server, "SELECT pg_snapshot_xmax(pg_current_snapshot())"))
                .isEqualTo(before);
    }

    @Test
    void fork_isTwoRowsWhateverItsLength() throws SQLException {
        String source = newId();
        LogPosition head = append(store, source, 500);
        List<String> forks = new ArrayList<>(List.of(source));
        for (int i = 0; i < 5; i++) {
            String fork = newId();
            store.fork(forks.get(i), head, fork);
            assertThat(one(server, "SELECT count(*) FROM agent_entry WHERE conversation = '" + fork + "'"))
                    .isEqualTo("1");
            head = append(store, fork, i + 1);
            forks.add(fork);
        }
        List<LogEntry> entries = store.read(forks.get(5), 0, Integer.MAX_VALUE);
        assertThat(entries).hasSize(515);
        assertChain(entries);
        assertThat(store.read(forks.get(5), 499, 3))
                .extracting(LogEntry::version)
                .containsExactly(500L, 501L, 502L);
    }

    @Test
    void fork_ofAForksPast_needsNothingOfTheFork() {
        String source = newId();
        LogPosition at = append(store, source, 2);
        LogPosition head = append(store, source, 2);
        String fork = newId();
        store.fork(source, head, fork);
        append(store, fork, 1);
        String past = newId();
        store.fork(fork, at, past);
        String same = newId();
        store.fork(fork, head, same);
        store.delete(fork);
        assertThat(store.read(past, 0, 10)).hasSize(2);
        assertThat(store.read(same, 0, 10)).hasSize(4);
    }

    @Test
    void delete_ofWhatAForkReads_isRefusedAndNamesTheFork() {
        String source = newId();
        LogPosition head = append(store, source, 3);
        String fork = newId();
        store.fork(source, head, fork);
        StoreException refusal = refused(Kind.IN_USE, () -> store.delete(source));
        assertThat(refusal).hasMessageContaining(source).hasMessageContaining(fork);
        assertThat(store.read(source, 0, 10)).hasSize(3);
        store.delete(fork);
        store.delete(source);
        assertThat(store.head(source)).isEmpty();
    }

    @Test
    void delete_ofALongConversation_leavesNoRow() throws SQLException {
        String id = newId();
        append(store, id, 10_001);
        store.delete(id);
        assertThat(one(server, "SELECT count(*) FROM agent_entry WHERE conversation = '" + id + "'"))
                .isEqualTo("0");
    }

    @Test
    void missingRow_isCorruptAndNamed() throws SQLException {
        String id = newId();
        append(store, id, 5);
        Logs.run(server, "DELETE FROM agent_entry WHERE seq = 3 AND conversation = '" + id + "'");
        assertThat(refused(Kind.CORRUPT, () -> store.load(id))).hasMessageContaining("version 3");
        assertThat(refused(Kind.CORRUPT, () -> store.read(id, 0, 10))).hasMessageContaining("version 4");
    }

    @Test
    void names_thatPostgresqlCannotKeep_areRefused() {
        String id = newId();
        append(store, id, 1);
        assertThat(refused(Kind.UNAVAILABLE, () -> store.leave(id, InboxMessage.of("a\0b", "test", new byte[] {'1'}))))
                .hasMessageContaining("U+0000");
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> store.tenant("a\0b"))
                .withMessageContaining("U+0000");
    }

    private static void assertChain(List<LogEntry> entries) {
        LogPosition position = LogPosition.START;
        for (LogEntry entry : entries) {
            assertThat(entry.follows(position)).as("%s", entry).isTrue();
            position = entry.position();
        }
    }
}
