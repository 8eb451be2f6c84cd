package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every statement goes by an index and joins nothing, on so many rows that the server has a choice; as it is planned for
 * known values and for any. {@code -Dagentloop.plans.rows} says how many rows, a million unless it is said.
 */
@Tag("once")
class PlansTest {
    private static final Pattern MARK = Pattern.compile("[?]");
    private static final long ROWS = Long.getLong("agentloop.plans.rows", 1_000_000);
    private static final Map<Class<?>, String> TYPES = Map.of(
            String.class, "varchar",
            Long.class, "bigint",
            UUID.class, "uuid",
            byte[].class, "bytea",
            Long[].class, "bigint[]",
            String[].class, "text[]",
            UUID[].class, "uuid[]",
            byte[][].class, "bytea[]");

    @Test
    void everyStatement_onTheNewestPostgres_goesByIndex() throws SQLException {
        try (EmbeddedPostgres server = Servers.newest()) {
            assertPlans(server, Servers.store(server), ROWS);
        }
    }

    @Test
    void everyStatement_onTheOldestPostgres_goesByIndex() throws SQLException {
        try (EmbeddedPostgres server = Servers.oldest()) {
            assertPlans(server, Servers.store(server), ROWS);
        }
    }

    @Test
    void everyStatement_onPartitions_goesByIndex() throws SQLException {
        try (EmbeddedPostgres server = Servers.newest()) {
            assertPlans(server, Servers.store(server).partitions(8), ROWS / 4);
        }
    }

    private static void assertPlans(EmbeddedPostgres server, PgConversationStore.Builder builder, long rows)
            throws SQLException {
        builder.open().close();
        try (Connection connection = Logs.connect(server);
                Statement statement = connection.createStatement()) {
            ManyRows filled = new ManyRows(connection, rows);
            filled.fill();
            List<String> wrong = new ArrayList<>();
            for (Sql sql : Sql.values()) {
                for (UUID conversation : List.of(filled.longest(), UUID.randomUUID())) {
                    Object[] values = Examples.of(sql, ManyRows.TENANT, conversation);
                    wrong.addAll(faults(statement, sql.text(), values, sql.name()));
                }
            }
            assertThat(wrong).as(server.version()).isEmpty();
            assertBadStatementsAreSeen(statement, filled.longest());
        }
    }

    /** The function has no statement of its own, but one whose plans are read. */
    @Test
    void function_hasTheStatementOfAnAppend() {
        String migration = PgConversationStore.sql().get(2).sql().replaceAll("\\s+", " ");
        assertThat(migration)
                .contains(" BEGIN " + numbered(Sql.APPEND_ONE.text()).replaceAll("\\s+", " ") + "; GET");
    }

    private static void assertBadStatementsAreSeen(Statement statement, UUID conversation) throws SQLException {
        assertSeen(statement, "Seq Scan", "SELECT seq FROM agent_entry WHERE kind = ?", "sealed");
        assertSeen(
                statement,
                "agent_conversation",
                "SELECT tenant FROM agent_conversation WHERE conversation = ?",
                conversation);
        assertSeen(statement, "not by the key", "SELECT conversation FROM agent_entry ORDER BY tenant LIMIT ?", 1L);
        assertSeen(
                statement,
                "not by the key",
                "SELECT seq FROM agent_entry WHERE tenant = ? AND seq > ? ORDER BY conversation LIMIT 1",
                ManyRows.TENANT,
                5L);
        assertSeen(
                statement,
                "Nested Loop",
                "SELECT e.kind FROM agent_conversation c JOIN agent_entry e USING (tenant, conversation)"
                        + " WHERE c.tenant = ? AND c.conversation = ?",
                ManyRows.TENANT,
                conversation);
        assertSeen(
                statement,
                "reads [agent_conversation, agent_entry]",
                "SELECT parent FROM agent_conversation WHERE tenant = ? AND conversation = ? AND EXISTS"
                        + " (SELECT 1 FROM agent_entry WHERE tenant = ? AND conversation = ? AND seq = 1)",
                ManyRows.TENANT,
                conversation,
                ManyRows.TENANT,
                conversation);
    }

    private static void assertSeen(Statement statement, String fault, String sql, Object... values)
            throws SQLException {
        assertThat(String.join("\n", faults(statement, sql, values, sql))).contains(fault);
    }

    /** What is wrong with a statement as it is planned for these values, and as it is planned for any. */
    private static List<String> faults(Statement statement, String sql, Object[] values, String name)
            throws SQLException {
        String types =
                Arrays.stream(values).map(value -> TYPES.get(value.getClass())).collect(Collectors.joining(", "));
        String literals = Arrays.stream(values).map(PlansTest::literal).collect(Collectors.joining(", "));
        statement.execute("PREPARE planned " + inBrackets(types) + " AS " + numbered(sql));
        List<String> faults = new ArrayList<>();
        for (String mode : List.of("force_custom_plan", "force_generic_plan")) {
            statement.execute("SET plan_cache_mode = " + mode);
            try (ResultSet row =
                    statement.executeQuery("EXPLAIN (FORMAT JSON) EXECUTE planned " + inBrackets(literals))) {
                row.next();
                String json = row.getString(1);
                List<String> found = new Plan(isRead(sql), json).faults();
                if (!found.isEmpty()) {
                    faults.add(name + " " + mode + ": " + found + "\n" + json);
                }
            }
        }
        statement.execute("DEALLOCATE planned");
        return faults;
    }

    // The parser takes no empty brackets here.
    private static String inBrackets(String list) {
        return list.isEmpty() ? "" : "(" + list + ")";
    }

    private static boolean isRead(String sql) {
        return !sql.contains("INSERT INTO") && !sql.contains("UPDATE agent") && !sql.contains("DELETE FROM");
    }

    private static String numbered(String sql) {
        AtomicInteger number = new AtomicInteger();
        return MARK.matcher(sql).replaceAll(mark -> "\\$" + number.incrementAndGet());
    }

    private static String literal(Object value) {
        if (value instanceof Object[] values) {
            return "ARRAY["
                    + Arrays.stream(values).map(PlansTest::literal).collect(Collectors.joining(", "))
                    + "]::" + TYPES.get(value.getClass());
        }
        return value instanceof byte[] bytes
                ? "'\\x" + HexFormat.of().formatHex(bytes) + "'::bytea"
                : "'" + value + "'";
    }
}
