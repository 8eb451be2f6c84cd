package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.Leases;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who is alive, as others see it. */
class HeartbeatTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() {
        server = Servers.newest();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static PgConversationStore open() {
        return Servers.store(server)
                .heartbeat(Duration.ofMillis(100), Duration.ofSeconds(2))
                .open();
    }

    @Test
    void process_thatBeats_isAliveUntilItsStoreIsClosed() throws Exception {
        try (PgConversationStore observer = open()) {
            Leases owner;
            try (PgConversationStore store = open()) {
                owner = store.leases();
                assertThat(owner.held(System.nanoTime()))
                        .as("before it was named")
                        .isFalse();
                assertThat(owner.process()).isNotEmpty().isEqualTo(owner.process());
                assertThat(owner.held(System.nanoTime())).isTrue();
                assertThat(observer.leases().alive(owner.process())).isTrue();
                assertThat(observer.leases().process()).isNotEqualTo(owner.process());
                assertThat(store.tenant("acme").leases().process()).isEqualTo(owner.process());
            }
            assertThat(owner.held(System.nanoTime())).isFalse();
            assertThat(observer.leases().alive(owner.process())).isFalse();
            assertThat(observer.leases().alive("nobody")).isFalse();
        }
    }

    @Test
    void process_whoseBeatStandsStill_isDeadAfterTheBound() throws Exception {
        try (PgConversationStore observer = open()) {
            Logs.run(server, "INSERT INTO agent_node (node) VALUES ('killed')");
            assertThat(observer.leases().alive("killed")).isFalse();
        }
    }

    @Test
    void process_thatCannotBeat_holdsNothingUntilItCanAgain() throws Exception {
        try (PgConversationStore store = open()) {
            Leases owner = store.leases();
            String process = owner.process();
            long before = System.nanoTime();
            assertThat(owner.held(before)).isTrue();
            Logs.run(server, "ALTER TABLE agent_node RENAME TO agent_node_gone");
            await().until(() -> !owner.held(System.nanoTime()));
            Logs.run(server, "ALTER TABLE agent_node_gone RENAME TO agent_node");
            await().until(() -> owner.held(System.nanoTime()));
            assertThat(owner.held(before)).as("it was silent in between").isFalse();
            Logs.run(server, "DELETE FROM agent_node WHERE node = '" + process + "'");
            await().until(() -> Logs.one(server, "SELECT count(*) FROM agent_node WHERE node = '" + process + "'")
                    .equals("1"));
            assertThat(store.leases().alive(process)).isTrue();
        }
    }

    @Test
    void process_whoseBeatWasOnItsWayForLong_mayHaveBeenThoughtDead() throws Exception {
        Duration bound = Duration.ofSeconds(3);
        try (PgConversationStore store = Servers.store(server)
                        .heartbeat(bound.dividedBy(2), bound)
                        .open();
                PgConversationStore observer = Servers.store(server)
                        .heartbeat(bound.dividedBy(2), bound)
                        .open();
                Connection lock = Logs.connect(server)) {
            Leases owner = store.leases();
            String process = owner.process();
            assertThat(observer.leases().alive(process)).isTrue();
            long before = System.nanoTime();
            lock.setAutoCommit(false);
            try (PreparedStatement hold =
                    lock.prepareStatement("SELECT beat FROM agent_node WHERE node = ? FOR UPDATE")) {
                hold.setString(1, process);
                hold.execute();
            }
            assertThat(observer.leases().alive(process)).isFalse();
            lock.rollback();
            await().until(() -> owner.held(System.nanoTime()));
            assertThat(owner.held(before)).as("it was thought dead in between").isFalse();
        }
    }
}
