package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * What was erased is in no row from then on, and in no file of a table or an index once the operator has done what docs/postgres.md
 * says. The write-ahead log is not looked at.
 */
class ErasedBytesTest {
    private static final String CANARY = "canary5f3k";
    /** So many times that a page has some of it whole, wherever a long text is cut. */
    private static final int LONG = 2_000;

    private final Random random = new Random(13);

    /** The statements of the page, each by itself: none of them runs in a transaction. */
    static void vacuumAsThePageSays(EmbeddedPostgres server) throws IOException, SQLException {
        Matcher block = Pattern.compile("(?s)```sql\n(VACUUM .*?)```")
                .matcher(Files.readString(Path.of("../docs/postgres.md")));
        assertThat(block.find()).isTrue();
        for (String statement : block.group(1).replaceAll("--.*", "").split(";")) {
            if (!statement.isBlank()) {
                run(server, statement);
            }
        }
    }

    private static byte[] says(String text) {
        return ("{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"" + text
                        + "\"}]}")
                .getBytes(StandardCharsets.UTF_8);
    }

    private String noise(int length) {
        StringBuilder noise = new StringBuilder();
        while (noise.length() < length) {
            noise.append(Long.toString(random.nextLong(), 36).replace("-", "")).append(' ');
        }
        return noise.toString();
    }

    /** Short in the row, long in rows of its own, and so long and dull that it is compressed. */
    private List<String> texts() {
        return List.of(CANARY, noise(1_000) + CANARY, (CANARY + noise(90)).repeat(LONG / 10), CANARY.repeat(LONG));
    }

    private void fill(PgConversationStore store, String id, int entries) {
        for (int i = 0; i < entries; i++) {
            LogPosition head = store.head(id).orElse(LogPosition.START);
            String text = i % 5 == 2 ? texts().get(i / 5 % 4) : noise(random.nextInt(3_000));
            store.append(id, head, List.of(LogEntry.after(head, "item.user", 1, 1, says(text))));
        }
    }

    private static List<Long> speaking(PgConversationStore store, String id) {
        List<Long> versions = new ArrayList<>();
        for (LogEntry entry : store.read(id, 0, Integer.MAX_VALUE)) {
            if (new String(entry.content(), StandardCharsets.UTF_8).contains(CANARY)) {
                versions.add(entry.version());
            }
        }
        return versions;
    }

    private void assertErased(EmbeddedPostgres server, PgConversationStore.Builder builder) throws Exception {
        Traces traces = new Traces(server);
        try (PgConversationStore store = builder.activity(Duration.ZERO).open()) {
            String id = newId();
            String fork = newId();
            fill(store, id, 60);
            store.fork(id, store.head(id).orElseThrow(), fork);
            fill(store, fork, 60);
            store.leave(fork, InboxMessage.of("a", "input", says(CANARY)));
            for (String each : List.of(id, fork)) {
                store.refresh(each);
                store.refresh(each);
            }
            // What the server does by itself: it samples columns, and writes pages.
            run(server, "ANALYZE");
            run(server, "CHECKPOINT");
            assertThat(traces.inRows(CANARY))
                    .as("where erasing reaches, and nowhere else")
                    .contains("agent_text: " + CANARY, "agent_inbox: " + CANARY)
                    .anyMatch(trace -> trace.startsWith("agent_entry"))
                    .allMatch(trace -> trace.matches("agent_(entry(_\\d)?|text|inbox): .*"));
            assertThat(traces.inFiles(CANARY)).hasSizeGreaterThanOrEqualTo(4);

            List<Long> versions = speaking(store, fork);
            assertThat(versions).hasSize(24);
            store.erase(
                    fork, Logs.marks(versions.stream().mapToLong(each -> each).toArray()));
            store.removeMessages(fork, List.of("a"));
            assertThat(traces.inRows(CANARY)).isEmpty();
            assertThat(speaking(store, id)).isEmpty();
            assertThat(store.search(CANARY, "", 10)).isEmpty();
            vacuumAsThePageSays(server);
            assertThat(traces.inFiles(CANARY)).isEmpty();
            assertThat(store.read(fork, 0, 1_000)).hasSize(120);
        }
    }

    @Test
    void erased_isInNoRowAtOnce_andInNoFileAfterTheVacuum() throws Exception {
        try (EmbeddedPostgres server = Servers.newest()) {
            assertErased(server, Servers.store(server));
        }
    }

    @Test
    void erased_onPartitionsOfTheOldestPostgres_isGoneToo() throws Exception {
        try (EmbeddedPostgres server = Servers.oldest()) {
            assertErased(server, Servers.store(server).partitions(4));
        }
    }

    /** A database that was in use before: the samples that its statistics had are gone with the migration. */
    @Test
    void migration_takesTheSamplesOfWhatWasSaid() throws Exception {
        try (EmbeddedPostgres server = Servers.newest()) {
            for (PgMigration migration : PgConversationStore.sql().subList(0, 3)) {
                run(server, migration.sql());
            }
            String id = newId();
            try (PgConversationStore old =
                    Servers.store(server).schema(SchemaMode.NONE).open()) {
                for (int i = 0; i < 40; i++) {
                    LogPosition head = old.head(id).orElse(LogPosition.START);
                    old.append(id, head, List.of(LogEntry.after(head, "item.user", 1, 1, says(CANARY))));
                }
                old.refresh(id);
            }
            run(server, "ANALYZE");
            Traces traces = new Traces(server);
            assertThat(traces.inRows(CANARY)).contains("pg_statistic: " + CANARY);
            try (PgConversationStore store = Servers.store(server).open()) {
                assertThat(traces.inRows(CANARY)).doesNotContain("pg_statistic: " + CANARY);
                store.delete(id);
                run(server, "ANALYZE");
            }
            assertThat(traces.inRows(CANARY)).isEmpty();
        }
    }
}
