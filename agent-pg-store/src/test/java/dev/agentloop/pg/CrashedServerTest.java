package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.pg.CrashProxy.Moment;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server is killed at every statement of a run: before it arrives, while it is on its way, and when it is done and
 * nobody has read the answer; and started again. The run goes on by itself, or fails and is resumed. A quarter of the kills
 * unless {@code -Dagentloop.crash.all} is set.
 */
@Tag("once")
class CrashedServerTest {
    private static final int MOST_RUNS = 5;

    @TempDir
    Path temp;

    private EmbeddedPostgres server;
    private CrashProxy proxy;
    private PgConversationStore store;
    private PgConversationStore judge;
    private int statements;
    private int inPlace;

    @BeforeEach
    void start() throws IOException {
        server = Servers.newest();
        proxy = new CrashProxy(server);
        // No beat comes between the statements of a run, so that they have the same numbers each time.
        store = PgConversationStore.builder(proxy.jdbcUrl(), server.user(), server.password())
                .allowDataLoss()
                .poolSize(2)
                .heartbeat(Duration.ofHours(1), Duration.ofHours(2))
                .open();
        assertThat(store.leases().process()).isNotEmpty();
        judge = PgConversationStore.builder(Pool.unpooled(server.jdbcUrl(), server.user(), server.password()))
                .allowDataLoss()
                .open();
    }

    @AfterEach
    void stop() throws IOException {
        judge.close();
        store.close();
        proxy.close();
        server.close();
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void serverKilledAtEveryStatement_theRunGoesOnOrIsResumed() {
        assertThat(killedAt(0, Moment.AT_ONCE)).isFalse();
        int all = statements;
        assertThat(all).isGreaterThan(25);
        List<Moment> moments = List.of(Moment.values());
        inPlace = 0;
        int kills = 0;
        List<Integer> sample = CrashMatrixTest.sample(all * moments.size(), 4);
        for (int number : sample) {
            Moment moment = moments.get((number - 1) / all);
            kills += killedAt((number - 1) % all + 1, moment) ? 1 : 0;
        }
        System.out.println("crash matrix, server: " + kills + " kills at " + all + " statements, " + inPlace
                + " of them survived by the run itself, 0 violations");
        // A run can have a statement less than the first one, whose last number is never reached then.
        assertThat(kills).isGreaterThan(sample.size() * 3 / 4);
        assertThat(inPlace).isPositive();
    }

    /** Runs a conversation to its end, and tells whether the server was killed meanwhile. */
    private boolean killedAt(int statement, Moment moment) {
        String where = "server killed at statement " + statement + " " + moment;
        String id = UUID.randomUUID().toString();
        CrashFolder folder = CrashFolder.in(temp.resolve(id));
        CrashRun run = new CrashRun(store, folder, id, null);
        proxy.killAt(statement, moment);
        String end = "";
        int runs = 0;
        while (end.isEmpty()) {
            runs++;
            try {
                end = run.toEnd(temp);
            } catch (StoreException e) {
                // Of this kill, or of the one before, which the pool's other connection has not noticed yet.
                assertThat(runs).as("%s: %s", where, e).isLessThan(MOST_RUNS);
                proxy.awaitRecovery();
                survived(new CrashCheck(judge, folder, id, where));
            }
        }
        statements = proxy.passed();
        boolean killed = proxy.fired();
        proxy.killAt(0, moment);
        assertThat(end).as(where).isEqualTo("done");
        new CrashCheck(judge, folder, id, where).ended(false);
        inPlace += killed && runs == 1 ? 1 : 0;
        return killed;
    }

    // The failure may be of the kill before, and this one come only now, with a statement of the heartbeat's.
    private void survived(CrashCheck check) {
        try {
            check.survived();
        } catch (StoreException e) {
            proxy.awaitRecovery();
            check.survived();
        }
    }
}
