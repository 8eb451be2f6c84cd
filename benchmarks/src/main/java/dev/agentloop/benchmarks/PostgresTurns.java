package dev.agentloop.benchmarks;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** The statements of a turn, each a round trip and a transaction, as the server counts them. */
final class PostgresTurns {
    private static final int MORE_CALLS = 10;

    /** The server keeps the text of some statements without the comment that names them. */
    private static final String COUNTS = """
            SELECT CASE WHEN query LIKE '%WITH begun AS%' THEN 'begin a conversation'
                WHEN query LIKE '%INSERT INTO agent_entry%' THEN 'append'
                WHEN query LIKE '%FROM agent_inbox%ORDER BY nr%' THEN 'read the inbox'
                WHEN query LIKE '%base - %' OR query LIKE 'SELECT seq, chain, kind FROM agent_entry%'
                  THEN 'look where the log stands, or load it'
                ELSE query END, calls
            FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%' AND query NOT LIKE '%agent_node%'""";

    private PostgresTurns() {}

    /** Reads a note. */
    private record Read() implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("read", "Reads a note.", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("a note of " + call.callId());
        }
    }

    static void print(PostgresTarget target) throws SQLException {
        target.run("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
        try (PgConversationStore store = PgConversationStore.builder(target.url(), target.user(), target.password())
                        .allowDataLoss()
                        .open();
                AgentLoop agent = AgentLoop.builder()
                        .model(ScriptedModel.builder()
                                .otherwise(PostgresTurns::answer)
                                .build())
                        .tools(new Read())
                        .store(store)
                        .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("0");
            Map<String, Long> none = counted(target, conversation, 0);
            Map<String, Long> one = counted(target, conversation, 1);
            Map<String, Long> many = counted(target, conversation, 1 + MORE_CALLS);
            System.out.println("\n| statement | turn without a call | turn with one call | each further call |");
            System.out.println("|---|---|---|---|");
            for (String statement : new TreeSet<>(many.keySet())) {
                row(statement, none, one, many);
            }
        }
    }

    private static void row(String statement, Map<String, Long> none, Map<String, Long> one, Map<String, Long> many) {
        long single = one.getOrDefault(statement, 0L);
        System.out.printf(
                Locale.ROOT,
                "| %s | %d | %d | %.1f |%n",
                statement,
                none.getOrDefault(statement, 0L),
                single,
                (many.getOrDefault(statement, 0L) - single) / (double) MORE_CALLS);
    }

    /** Calls the tool as often as the user said, one call a response. */
    private static ScriptedResponse answer(Prompt prompt) {
        int wanted = 0;
        int called = 0;
        int all = 0;
        for (Item item : prompt.items()) {
            if (item instanceof Item.Message message && message.text().matches("\\d+")) {
                wanted = Integer.parseInt(message.text());
                called = 0;
            } else if (item instanceof Item.Call) {
                called++;
                all++;
            }
        }
        return called < wanted
                ? ScriptedResponse.calls("call_" + all, "read", "{\"number\":" + all + "}")
                : ScriptedResponse.says("That is all.");
    }

    private static Map<String, Long> counted(PostgresTarget target, Conversation conversation, int calls)
            throws SQLException {
        try (Connection connection = target.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("SELECT pg_stat_statements_reset()");
            conversation.run(Integer.toString(calls));
            Map<String, Long> counts = new TreeMap<>();
            try (ResultSet row = statement.executeQuery(COUNTS)) {
                while (row.next()) {
                    counts.merge(row.getString(1), row.getLong(2), Long::sum);
                    counts.merge("**all**", row.getLong(2), Long::sum);
                }
            }
            return counts;
        }
    }
}
