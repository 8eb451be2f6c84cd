package dev.agentloop.pg;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.UUID;

/*
 * A twenty-fifth of the rows are conversations, of 200 tenants of which the first has every sixth; most conversations are
 * short, and one has every fiftieth row. Entries lie in the order in which many writers at once would append them.
 */
/** Fills the tables with as many rows as a store has after a while, and has the server look at what it got. */
record ManyRows(Connection connection, long rows) {
    /** The tenant of the longest conversation, and of more conversations than any other. */
    static final String TENANT = "tenant-0";

    private static final int ROWS_A_CONVERSATION = 25;

    private static final String ID = """
            CREATE FUNCTION pg_temp.id(i bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
              SELECT (lpad(to_hex(1700000000000 + i * 1000), 12, '0') || '7' || substr(md5(i::text), 1, 3)
                || '8' || substr(md5(i::text), 4, 15))::uuid $$""";

    private static final String CONVERSATIONS = """
            INSERT INTO agent_conversation (tenant, conversation, parent, parent_seq, created)
            SELECT 'tenant-' || floor(200 * power((i * 7919 %% 1000) / 1000.0, 3)), pg_temp.id(i),
              CASE WHEN i %% 20 = 0 THEN pg_temp.id(i - 1) END, CASE WHEN i %% 20 = 0 THEN 1 END,
              to_timestamp(1700000000 + i)
            FROM generate_series(1, %d) AS i""";

    private static final String ENTRIES = """
            INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, salt, digest, chain, payload)
            SELECT c.tenant, c.conversation, s, s / 10 * 10 + 1, CASE WHEN s > 50 THEN 50 ELSE 1 END,
              (ARRAY['item.user', 'response', 'item.model', 'tool.started', 'aside.output.call'])[s %% 5 + 1],
              '\\x00112233445566778899aabbccddeeff', decode(md5(s::text), 'hex'),
              decode(md5(c.conversation::text || s), 'hex'), '{"type":"message","role":"user"}'
            FROM (SELECT *, CASE WHEN n = 1 THEN %1$d / 50
                ELSE 1 + floor(100 * power((n * 104729 %% 1000) / 1000.0, 3)) END AS length
                FROM (SELECT *, row_number() OVER (ORDER BY tenant, conversation) AS n FROM agent_conversation) AS all_of_them)
              AS c, generate_series(1, c.length::bigint) AS s
            ORDER BY s, c.n""";

    private static final String MESSAGES = """
            INSERT INTO agent_inbox (tenant, conversation, id, kind, payload)
            SELECT tenant, conversation, 'message-' || s, 'steer', '{"type":"message"}'
            FROM agent_conversation, generate_series(1, 2) AS s""";

    private static final String ACTIVITY = """
            INSERT INTO agent_activity (tenant, conversation, counted, turns, steps, input_tokens)
            SELECT tenant, conversation, 25, 2, 5, 1000 FROM agent_conversation""";

    private static final String TEXT = """
            INSERT INTO agent_text (tenant, conversation, seq, words)
            SELECT tenant, conversation, s, ARRAY(SELECT left(md5(tenant), 8) || ':word' || floor(power(w, 3) / 40 + s)
              FROM generate_series(1, 8) AS w)
            FROM agent_conversation, generate_series(1, 1) AS s""";

    private static final String NODES = """
            INSERT INTO agent_node (node, beat) SELECT md5(i::text)::uuid, i FROM generate_series(1, 2000) AS i""";

    /** Fills all tables, and checks that there is as much as there should be. */
    void fill() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(ID);
            statement.execute(String.format(Locale.ROOT, CONVERSATIONS, rows / ROWS_A_CONVERSATION));
            // The key is made when the rows are there, which is much faster and gives the same index.
            statement.execute("ALTER TABLE agent_entry DROP CONSTRAINT agent_entry_pkey");
            statement.execute(String.format(Locale.ROOT, ENTRIES, rows));
            statement.execute("ALTER TABLE agent_entry ADD PRIMARY KEY (tenant, conversation, seq)");
            statement.execute(MESSAGES);
            statement.execute(ACTIVITY);
            statement.execute(TEXT);
            statement.execute(NODES);
            statement.execute("VACUUM ANALYZE");
        }
        long there = Long.parseLong(one("SELECT count(*) FROM agent_entry"));
        if (there < rows) {
            throw new IllegalStateException("there should be " + rows + " entries, but there are " + there);
        }
    }

    /** The longest conversation. */
    UUID longest() throws SQLException {
        return UUID.fromString(one("SELECT conversation FROM agent_conversation WHERE tenant = '" + TENANT
                + "' ORDER BY conversation LIMIT 1"));
    }

    private String one(String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
