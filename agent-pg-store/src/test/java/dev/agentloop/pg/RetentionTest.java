package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.one;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is deleted because it is old, and what stays. */
class RetentionTest {
    private static final Instant BEFORE = Instant.parse("2026-03-01T00:00:00Z");
    private static EmbeddedPostgres server;
    private static PgConversationStore root;

    @BeforeAll
    static void start() {
        server = Servers.newest();
        root = Servers.store(server).activity(Duration.ZERO).open();
    }

    @AfterAll
    static void stop() {
        root.close();
        server.close();
    }

    private static String idOfDay(int day) {
        return new UUID(
                        Instant.parse("2026-02-01T00:00:00Z")
                                        .plus(Duration.ofDays(day))
                                        .toEpochMilli()
                                << 16,
                        day)
                .toString();
    }

    private static void seal(PgConversationStore store, String id, String at) throws SQLException {
        LogPosition head = store.head(id).orElseThrow();
        store.append(id, head, List.of(LogEntry.after(head, LogEntry.SEALED, 0, 1, new byte[] {'{', '}'})));
        run(server, "UPDATE agent_entry SET at = '" + at + "' WHERE kind = 'sealed' AND conversation = '" + id + "'");
    }

    private static List<DeletionPage> deleteAll(PgConversationStore store, int limit) {
        List<DeletionPage> pages = new ArrayList<>();
        String next = "";
        do {
            DeletionPage page = store.deleteSealed(BEFORE, next, limit);
            pages.add(page);
            next = page.next();
        } while (!next.isEmpty());
        return pages;
    }

    @Test
    void deleteSealed_takesWhatWasSealedBefore_stepByStep() throws SQLException {
        PgConversationStore store = root.tenant("kept-a-month");
        for (int day = 0; day < 12; day++) {
            append(store, idOfDay(day), 3);
            if (day % 3 > 0) {
                seal(store, idOfDay(day), day % 3 == 1 ? "2026-02-27T00:00:00Z" : "2026-03-02T00:00:00Z");
            }
        }
        append(root.tenant("somebody-else"), idOfDay(1), 1);
        seal(root.tenant("somebody-else"), idOfDay(1), "2026-02-27T00:00:00Z");
        List<DeletionPage> pages = deleteAll(store, 5);
        assertThat(pages).extracting(DeletionPage::deleted).containsExactly(2, 1, 1);
        assertThat(pages).extracting(DeletionPage::inUse).containsOnly(0);
        assertThat(store.list("", 100))
                .extracting(summary -> summary.conversation())
                .containsExactly(
                        idOfDay(11),
                        idOfDay(9),
                        idOfDay(8),
                        idOfDay(6),
                        idOfDay(5),
                        idOfDay(3),
                        idOfDay(2),
                        idOfDay(0));
        assertThat(root.tenant("somebody-else").list("", 100)).hasSize(1);
        assertThat(deleteAll(store, 100)).containsExactly(new DeletionPage(0, 0, ""));
    }

    @Test
    void deleteSealed_ofWhatIsForked_takesTheForkFirstAndLeavesWhatALivingForkReads() throws SQLException {
        PgConversationStore store = root.tenant("forks");
        for (int day = 0; day < 2; day++) {
            LogPosition head = append(store, idOfDay(day), 2);
            store.fork(idOfDay(day), head, idOfDay(day + 10));
            append(store, idOfDay(day + 10), 1);
            seal(store, idOfDay(day), "2026-02-27T00:00:00Z");
        }
        seal(store, idOfDay(10), "2026-02-27T00:00:00Z");
        assertThat(deleteAll(store, 100)).containsExactly(new DeletionPage(2, 1, ""));
        assertThat(store.list("", 100))
                .extracting(summary -> summary.conversation())
                .containsExactly(idOfDay(11), idOfDay(1));
        assertThat(store.read(idOfDay(11), 0, 10)).hasSize(3);
    }

    @Test
    void deleteOrphans_takesEntriesWithoutAConversation() throws SQLException {
        PgConversationStore store = root.tenant("orphans");
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            String id = newId();
            append(store, id, 4);
            ids.add(id);
        }
        ids.sort(null);
        String left = ids.get(3);
        run(server, "DELETE FROM agent_entry WHERE seq < 4 AND conversation = '" + left + "'");
        run(server, "DELETE FROM agent_conversation WHERE conversation = '" + left + "'");
        List<Integer> deleted = new ArrayList<>();
        String next = "";
        do {
            DeletionPage page = store.deleteOrphans(next, 2);
            deleted.add(page.deleted());
            next = page.next();
        } while (!next.isEmpty());
        assertThat(deleted).containsExactly(0, 1, 0, 0);
        assertThat(one(server, "SELECT count(*) FROM agent_entry WHERE tenant = 'orphans'"))
                .isEqualTo("24");
        assertThat(one(server, "SELECT count(*) FROM agent_entry WHERE conversation = '" + left + "'"))
                .isEqualTo("0");
    }

    @Test
    void processes_thatDiedLongAgo_areForgotten() throws SQLException {
        run(
                server,
                "INSERT INTO agent_node (node, seen) SELECT 'long-dead-' || i, now() - interval '8 days'"
                        + " FROM generate_series(1, 1500) AS i");
        run(server, "INSERT INTO agent_node (node, seen) VALUES ('dead', now() - interval '6 days')");
        try (PgConversationStore store = Servers.store(server).open()) {
            assertThat(store.leases().process()).isNotEmpty();
            await().until(() -> one(server, "SELECT count(*) FROM agent_node WHERE node LIKE 'long-dead-%'")
                    .equals("0"));
            assertThat(one(server, "SELECT count(*) FROM agent_node WHERE node = 'dead'"))
                    .isEqualTo("1");
        }
    }
}
