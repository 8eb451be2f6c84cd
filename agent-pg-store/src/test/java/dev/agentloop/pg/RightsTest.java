package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.entries;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rights that docs/postgres.md gives to the roles are enough for what they are there for, and for no more. */
class RightsTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() throws Exception {
        server = Servers.newest();
        Servers.store(server).open().close();
        Matcher block =
                Pattern.compile("(?s)```sql\n(.*?)```").matcher(Files.readString(Path.of("../docs/postgres.md")));
        assertThat(block.find()).isTrue();
        run(server, block.group(1));
        for (String role : List.of("read", "app", "erase")) {
            run(server, "CREATE ROLE " + role + "er LOGIN PASSWORD 'secret' IN ROLE agent_" + role);
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static PgConversationStore as(String user) {
        return PgConversationStore.builder(server.jdbcUrl(), user, "secret")
                .allowDataLoss()
                .schema(SchemaMode.CHECK)
                .activity(Duration.ZERO)
                .open();
    }

    private static void assertRefused(ThrowingCallable act) {
        assertThatExceptionOfType(StoreException.class).isThrownBy(act).withMessageContaining("SQLSTATE 42501");
    }

    @Test
    void roles_mayDoWhatTheyAreFor() throws Exception {
        String id = newId();
        String fork = newId();
        try (PgConversationStore app = as("apper");
                PgConversationStore reader = as("reader");
                PgConversationStore eraser = as("eraseer")) {
            LogPosition head = append(app, id, 3);
            app.fork(id, head, fork);
            append(app, fork, 1);
            app.leave(id, InboxMessage.of("a", "test", new byte[] {'1'}));
            app.removeMessages(id, List.of("a"));
            app.refresh(id);
            assertThat(app.leases().alive(app.leases().process())).isTrue();
            assertRefused(() -> app.erase(id, List.of(1L)));
            assertRefused(() -> app.delete(fork));

            assertThat(reader.read(fork, 0, 10)).hasSize(4);
            assertThat(reader.load(id)).hasSize(3);
            assertThat(reader.list("", 10)).hasSize(2);
            assertThat(reader.search("nothing", "", 10)).isEmpty();
            assertThat(reader.usage(id).conversations()).isEqualTo(1);
            assertRefused(() -> reader.append(id, head, entries(head, 1)));
            assertRefused(() -> reader.leave(id, InboxMessage.of("b", "test", new byte[] {'1'})));

            eraser.erase(id, List.of(1L));
            eraser.delete(fork);
            app.append(id, head, List.of(LogEntry.after(head, LogEntry.SEALED, 0, 1, new byte[] {'{', '}'})));
            assertThat(eraser.deleteSealed(Instant.parse("9999-01-01T00:00:00Z"), "", 10)
                            .deleted())
                    .isEqualTo(1);
        }
    }
}
