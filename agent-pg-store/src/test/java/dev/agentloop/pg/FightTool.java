package dev.agentloop.pg;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;

/** The tools of the fight: one has an effect that nothing can tell apart, one has an effect in a database that can, one reads. */
enum FightTool {
    EFFECT,
    COUNT,
    LOOK;

    /** What a fenced effect is had on: the newest owner that it knows, and what was done, by the calls' keys. */
    private static final String TABLES = """
            CREATE TABLE IF NOT EXISTS fight_fence (conversation text PRIMARY KEY, token bigint NOT NULL);
            CREATE TABLE IF NOT EXISTS fight_effect (key text PRIMARY KEY, token bigint NOT NULL)""";

    private static final String DO = """
            WITH fence AS (INSERT INTO fight_fence AS f VALUES (?, ?)
              ON CONFLICT (conversation) DO UPDATE SET token = excluded.token WHERE f.token <= excluded.token
              RETURNING token)
            INSERT INTO fight_effect SELECT ?, token FROM fence ON CONFLICT (key) DO NOTHING""";

    static void makeTables(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(TABLES);
        }
    }

    /** All of them, with effects of which this record tells. */
    static List<Tool> all(FightRecord record, DataSource resource) {
        return all(record, resource, () -> {});
    }

    /** The same, which do this before anything else. */
    static List<Tool> all(FightRecord record, DataSource resource, Runnable before) {
        return List.of(new Effect(record, before), new Count(resource, before), new Look(before));
    }

    String title() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    private static Tool.Specification specification(FightTool tool) {
        return Tool.Specification.function(
                tool.title(), "A tool of a test.", "{\"type\":\"object\",\"properties\":{}}");
    }

    /** Cannot be done twice, and nobody can see whether it was done. */
    record Effect(FightRecord record, Runnable before) implements Tool {
        @Override
        public Specification specification() {
            return FightTool.specification(EFFECT);
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            before.run();
            record.effect(call.callId());
            return ToolOutput.text("did " + call.callId());
        }
    }

    /** Knows its calls by their keys, and its owners by their tokens. */
    record Count(DataSource resource, Runnable before) implements Tool {
        @Override
        public Specification specification() {
            return FightTool.specification(COUNT);
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws SQLException {
            before.run();
            try (Connection connection = resource.getConnection();
                    PreparedStatement statement = connection.prepareStatement(DO)) {
                statement.setString(1, context.conversation());
                statement.setLong(2, context.fencingToken());
                statement.setString(3, context.idempotencyKey());
                return statement.executeUpdate() == 1
                        ? ToolOutput.text("counted " + context.idempotencyKey())
                        : ToolOutput.text("counted before, or refused " + call.callId());
            }
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return AfterCrash.RUN_AGAIN;
        }

        @Override
        public boolean honoursFencing() {
            return true;
        }
    }

    /** Changes nothing. */
    record Look(Runnable before) implements Tool {
        @Override
        public Specification specification() {
            return FightTool.specification(LOOK);
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            before.run();
            return ToolOutput.text("saw " + call.callId());
        }

        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return AfterCrash.RUN_AGAIN;
        }
    }
}
