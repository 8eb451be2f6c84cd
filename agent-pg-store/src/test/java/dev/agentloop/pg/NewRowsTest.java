package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.newId;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** How much the server is asked, and how much it reads for that: neither grows with the conversation. */
class NewRowsTest {
    private static final int MESSAGE = 6;
    /** The pages of an index from its root to a leaf, those next to it, and the pages of the rows. */
    private static final long FEW = 8;

    private static EmbeddedPostgres server;
    private static PgConversationStore store;

    @BeforeAll
    static void start() throws SQLException {
        server = Servers.newestForcing("off")
                .option("shared_preload_libraries", "pg_stat_statements")
                .option("pg_stat_statements.track_utility", "off")
                .start();
        store = Servers.store(server).activity(Duration.ZERO).open();
        Logs.run(server, "CREATE EXTENSION pg_stat_statements");
    }

    @AfterAll
    static void stop() {
        store.close();
        server.close();
    }

    /** How many pages the server looked at for a statement. */
    private static long pages(Sql sql, Object... parameters) throws SQLException {
        try (Connection connection = Logs.connect(server);
                Statement settings = connection.createStatement()) {
            settings.execute("SET plan_cache_mode = force_generic_plan");
            try (PreparedStatement statement =
                    connection.prepareStatement("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql.text())) {
                for (int i = 0; i < parameters.length; i++) {
                    statement.setObject(i + 1, parameters[i]);
                }
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    JsonFields explained = JsonFields.of(row.getString(1).getBytes(StandardCharsets.UTF_8));
                    JsonFields plan = explained.inner(explained.all().get(0)).inner("Plan");
                    return plan.number("Shared Hit Blocks", -100) + plan.number("Shared Read Blocks", -100);
                }
            }
        }
    }

    @Test
    void lastMessageOfALongChat_readsNoMoreThanTheHundredth() throws SQLException {
        UUID id = UUID.fromString(newId());
        LogPosition head = append(store, id.toString(), 1);
        for (int messages : List.of(100, 1_000, 5_000)) {
            append(store, id.toString(), (int) (messages * MESSAGE - head.version()));
            head = append(store, id.toString(), MESSAGE);
            Logs.run(server, "VACUUM ANALYZE agent_entry");
            long before = head.version() - MESSAGE;
            assertThat(store.loadAfter(id.toString(), before)).hasSize(MESSAGE);
            assertThat(pages(Sql.HEAD, "", id)).as("head %s", head).isBetween(1L, FEW);
            assertThat(pages(Sql.READ_FOLDED, "", id, before, Long.MAX_VALUE, Long.MAX_VALUE))
                    .as("what is new at %s", head)
                    .isBetween(1L, FEW);
            assertThat(pages(Sql.READ_FOLDED, "", id, head.version(), Long.MAX_VALUE, Long.MAX_VALUE))
                    .as("nothing new at %s", head)
                    .isBetween(1L, FEW);
        }
    }

    /** How often each statement is sent by this; BEGIN and COMMIT are none, and the heartbeat has a rhythm of its own. */
    private static Map<Sql, Long> sent(Runnable work) throws SQLException {
        Logs.run(server, "SELECT pg_stat_statements_reset()");
        work.run();
        Map<Sql, Long> sent = new EnumMap<>(Sql.class);
        try (Connection connection = Logs.connect(server);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "SELECT query, calls FROM pg_stat_statements"
                                + " WHERE query LIKE '%agent\\_%' AND query NOT LIKE '%pg\\_stat%' AND query NOT LIKE '%agent\\_node%'")) {
            while (row.next()) {
                String counted = withoutValues(row.getString(1));
                Sql sql = Arrays.stream(Sql.values())
                        .filter(each -> withoutValues(each.text()).equals(counted))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("not one of the store's: " + counted));
                sent.merge(sql, row.getLong(2), Long::sum);
            }
        }
        return sent;
    }

    // The server keeps neither the comment with the name nor what is constant.
    private static String withoutValues(String sql) {
        return sql.replaceAll("/\\*.*?\\*/ ", "").replaceAll("\\$\\d+|[?]|'[^']*'|\\b\\d+\\b|\\b(true|NULL)\\b", "#");
    }

    /** The figures of benchmarks/README.md. */
    @Test
    void aTurn_sendsFewStatements() throws SQLException {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.says("first"),
                ScriptedResponse.says("without a call"),
                ScriptedResponse.calls("1", "read", "{}"),
                ScriptedResponse.says("with one"));
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .tools(new ReadTool())
                .store(store)
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("begin");
            Map<Sql, Long> without = sent(() -> conversation.run("go on"));
            Map<Sql, Long> with = sent(() -> conversation.run("read"));
            assertTurn(without, 4, 4);
            assertTurn(with, 7, 5);
        }
    }

    /** Appends, looks into the inbox, and one for where the log stands: by a look, or by loading it. */
    private static void assertTurn(Map<Sql, Long> sent, long appends, long inbox) {
        assertThat(sum(sent, Sql.APPEND, Sql.APPEND_ONE)).as("%s", sent).isEqualTo(appends);
        assertThat(sum(sent, Sql.INBOX)).as("%s", sent).isEqualTo(inbox);
        assertThat(sum(sent, Sql.HEAD, Sql.LOAD, Sql.READ_FOLDED))
                .as("%s", sent)
                .isEqualTo(1);
        assertThat(sum(sent, Sql.values())).as("%s", sent).isEqualTo(appends + inbox + 1);
    }

    private static long sum(Map<Sql, Long> sent, Sql... these) {
        return Arrays.stream(these).mapToLong(sql -> sent.getOrDefault(sql, 0L)).sum();
    }

    private record ReadTool() implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("read", "reads", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("read");
        }
    }

    @Test
    void whatIsNew_whoWaits_andAWholeErasure_areOneStatementEach() throws SQLException {
        List<String> line = new ArrayList<>(List.of(newId()));
        append(store, line.get(0), 10);
        for (int i = 1; i <= 5; i++) {
            line.add(newId());
            store.fork(line.get(i - 1), store.head(line.get(i - 1)).orElseThrow(), line.get(i));
            append(store, line.get(i), 10);
        }
        String fork = line.get(5);
        assertThat(sent(() -> store.head(fork))).isEqualTo(Map.of(Sql.HEAD, 1L));
        assertThat(sent(() -> assertThat(store.loadAfter(line.get(0), 0)).hasSize(10)))
                .isEqualTo(Map.of(Sql.READ_FOLDED, 1L));
        assertThat(sent(() -> assertThat(store.loadAfter(fork, 50)).hasSize(10)))
                .as("of a fork behind what it was forked from")
                .isEqualTo(Map.of(Sql.READ_FOLDED, 1L));
        store.leave(fork, InboxMessage.of("a", "test", new byte[] {'1'}));
        store.leave(fork, InboxMessage.of("b", "test", new byte[] {'1'}));
        List<String> asked = new ArrayList<>(line);
        for (int i = 0; i < 1_000; i++) {
            asked.add(newId());
        }
        assertThat(sent(() -> assertThat(store.waiting(asked)).isEqualTo(Set.of(fork))))
                .isEqualTo(Map.of(Sql.WAITING, 1L));
        assertThat(sent(() -> assertThat(store.waiting(List.of())).isEmpty())).isEmpty();
        assertThat(sent(() -> assertThat(store.sharing(fork, 1)).hasSize(6)))
                .isEqualTo(Map.of(Sql.ORIGINS, 1L, Sql.SLOT, 1L, Sql.FORKS, 1L));
        Map<Long, byte[]> marks = new TreeMap<>();
        for (long version = 1; version <= 60; version++) {
            marks.put(version, new byte[] {'1'});
        }
        assertThat(sent(() -> store.erase(fork, marks)))
                .as("in six conversations")
                .containsEntry(Sql.ORIGINS, 1L)
                .containsEntry(Sql.ERASE, 1L)
                .containsEntry(Sql.ERASE_TEXT, 6L);
        assertThat(store.read(fork, 0, 100)).hasSize(60).allMatch(entry -> entry.isErased());
    }
}
