package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Faults that are planted in a sound run are found. */
class CrashCheckTest {
    private static EmbeddedPostgres server;
    private static PgConversationStore store;

    private final String id = UUID.randomUUID().toString();

    @TempDir
    Path temp;

    private CrashFolder folder;

    @BeforeAll
    static void start() {
        server = Servers.newest();
        store = Servers.store(server).open();
    }

    @AfterAll
    static void stop() {
        store.close();
        server.close();
    }

    @BeforeEach
    void run() {
        folder = CrashFolder.in(temp.resolve("run"));
        assertThat(new CrashRun(store, folder, id, null).toEnd(temp)).isEqualTo("done");
        check().ended(true);
    }

    private CrashCheck check() {
        return new CrashCheck(store, folder, id, "here");
    }

    private void assertFound(String what) {
        assertThatExceptionOfType(AssertionError.class)
                .isThrownBy(() -> check().ended(true))
                .withMessageContaining(what);
    }

    private void repeat(String callId) {
        folder.add("effects", folder.effects(callId).get(0).toString());
    }

    @Test
    void effectDoneTwice_isFound() {
        repeat("c2");
        assertFound("PAY c2");
    }

    @Test
    void effectThatMayBeRepeatedByItsProcessOnly_isFound() throws Exception {
        repeat("c1");
        assertFound("SET c1");
    }

    @Test
    void effectMissing_isFound() throws IOException {
        Files.delete(folder.path().resolve("effects"));
        assertFound("SET c1");
    }

    @Test
    void acknowledgedAndLost_isFound() throws Exception {
        LogPosition head = store.head(id).orElseThrow();
        Logs.run(server, "DELETE FROM agent_entry WHERE seq = " + head.version() + " AND conversation = '" + id + "'");
        assertFound("acknowledged " + head);
    }

    @Test
    void acknowledgedAndReplaced_isFound() {
        LogPosition head = store.head(id).orElseThrow();
        folder.acknowledge(new LogPosition(head.version(), "0".repeat(64)));
        assertFound("acknowledged");
    }

    @Test
    void requestOtherThanTheFold_isFound() throws IOException {
        long version = folder.requests().keySet().iterator().next();
        Path file = folder.path().resolve(String.format(Locale.ROOT, "request-%06d", version));
        Files.writeString(file, Files.readString(file).replace("scripted", "scribbled"));
        assertFound("the fold of version " + version);
    }

    @Test
    void entryChanged_isFound() throws Exception {
        Logs.run(server, "UPDATE agent_entry SET payload = 'x' WHERE seq = 5 AND conversation = '" + id + "'");
        assertFound("5 ");
    }
}
