package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.entries;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.one;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A synchronous standby stands still (SIGSTOP), so that a commit waits, and the wait ends before the commit does. Whatever
 * ends it, the append counts as unknown; sent again, it is acknowledged when the standby has it, and it is there once.
 */
@Tag("once")
class CommitUnknownTest {
    private static final String IN_DOUBT =
            "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND query LIKE '/* agentloop:append %'";
    private static final String WAITING = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'again'"
            + " AND (wait_event = 'SyncRep' OR wait_event_type = 'Lock')"
            + " AND (query LIKE '/* agentloop:append %' OR query LIKE '/* agentloop:barrier %')";

    @TempDir
    static Path folder;

    private static EmbeddedPostgres primary;
    private static CommitStandby standby;
    private static PgConversationStore store;
    private final AtomicBoolean thawed = new AtomicBoolean();

    /** What ends the wait of the append. */
    interface Cut {
        void end() throws Exception;
    }

    @BeforeAll
    static void start() throws Exception {
        primary = primary();
        standby = CommitStandby.of(primary, Files.createDirectory(folder.resolve("standby")));
        store = store("?ApplicationName=again");
    }

    private static EmbeddedPostgres primary() {
        return Servers.newestForcing("off").option("wal_keep_size", "256MB").start();
    }

    @AfterAll
    static void stop() {
        standby.close();
        store.close();
        primary.close();
    }

    private static PgConversationStore store(String parameters) {
        return PgConversationStore.builder(primary.jdbcUrl() + parameters, primary.user(), primary.password())
                .allowDataLoss()
                .activity(Duration.ZERO) // What counts late would wait for the standby as well.
                .open();
    }

    @Test
    void socketTimedOut_appendIsUnknownUntilTheStandbyHasIt() throws Exception {
        appendIsUnknownUntilTheStandbyHasIt("?socketTimeout=3", () -> {});
    }

    @Test
    void connectionTerminated_appendIsUnknownUntilTheStandbyHasIt() throws Exception {
        appendIsUnknownUntilTheStandbyHasIt("", () -> one(primary, "SELECT pg_terminate_backend(pid) " + IN_DOUBT));
    }

    /** The server says that the insert is done, and warns; that is no acknowledgement. */
    @Test
    void waitCancelled_appendIsUnknownUntilTheStandbyHasIt() throws Exception {
        appendIsUnknownUntilTheStandbyHasIt("", () -> one(primary, "SELECT pg_cancel_backend(pid) " + IN_DOUBT));
    }

    /** The driver cancels the wait then. */
    @Test
    void queryTimedOut_appendIsUnknownUntilTheStandbyHasIt() throws Exception {
        appendIsUnknownUntilTheStandbyHasIt("?queryTimeout=2", () -> {});
    }

    private void appendIsUnknownUntilTheStandbyHasIt(String parameters, Cut cut) throws Exception {
        String id = newId();
        try (PgConversationStore first = store(parameters)) {
            LogPosition head = append(first, id, 1);
            List<LogEntry> entries = entries(head, 3);
            standby.freeze();
            Future<LogPosition> sent = CompletableFuture.supplyAsync(() -> first.append(id, head, entries));
            await().until(() -> !one(primary, "SELECT count(*) " + IN_DOUBT).equals("0"));
            cut.end();
            assertUnknown(sent);
            Future<Boolean> again = CompletableFuture.supplyAsync(() -> {
                LogPosition end = store.append(id, head, entries);
                assertThat(end).isEqualTo(entries.get(2).position());
                return thawed.get();
            });
            await().until(() -> one(primary, WAITING).equals("1"));
            assertThat(again).isNotDone();
            thawed.set(true);
            standby.thaw();
            assertThat(again.get()).as("acknowledged behind the standby").isTrue();
            assertThat(store.append(id, head, entries)).isEqualTo(entries.get(2).position());
            assertThat(store.read(id, 0, 10)).hasSize(4);
            await().until(() -> rows(standby, id).equals("4"));
        }
    }

    private static void assertUnknown(Future<LogPosition> sent) {
        assertThatExceptionOfType(ExecutionException.class)
                .isThrownBy(sent::get)
                .havingCause()
                .isInstanceOf(StoreException.class)
                .satisfies(e -> assertThat(((StoreException) e).kind())
                        .as(e.getMessage())
                        .isEqualTo(Kind.OUTCOME_UNKNOWN));
    }

    private static String rows(CommitStandby in, String id) throws Exception {
        return one(in.server(), "SELECT count(*) FROM agent_entry WHERE conversation = '" + id + "'");
    }

    @Test
    void primaryLost_standbyPromoted_hasAllThatWasAcknowledgedAndTakesTheRest() throws Exception {
        String id = newId();
        Path place = Files.createDirectory(folder.resolve("successor"));
        try (EmbeddedPostgres doomed = primary();
                CommitStandby successor = CommitStandby.of(doomed, place);
                PgConversationStore before =
                        Servers.store(doomed).activity(Duration.ZERO).open()) {
            List<LogEntry> acknowledged = new ArrayList<>();
            LogPosition head = LogPosition.START;
            for (int i = 0; i < 50; i++) {
                List<LogEntry> entries = entries(head, 2);
                head = before.append(id, head, entries);
                acknowledged.addAll(entries);
            }
            successor.freeze();
            LogPosition last = head;
            List<LogEntry> inDoubt = entries(last, 2);
            Future<LogPosition> sent = CompletableFuture.supplyAsync(() -> before.append(id, last, inDoubt));
            await().until(() -> !one(doomed, "SELECT count(*) " + IN_DOUBT).equals("0"));
            doomed.kill();
            assertUnknown(sent);
            successor.thaw();
            successor.promote();
            try (PgConversationStore after =
                    Servers.store(successor.server()).activity(Duration.ZERO).open()) {
                assertThat(after.read(id, 0, 1_000)).startsWith(acknowledged.toArray(new LogEntry[0]));
                assertThat(after.append(id, last, inDoubt))
                        .isEqualTo(inDoubt.get(1).position());
                assertThat(rows(successor, id)).isEqualTo("102");
                assertThat(append(after, id, 1).version()).isEqualTo(103);
            }
        }
    }
}
