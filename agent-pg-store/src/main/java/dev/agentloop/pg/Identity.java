package dev.agentloop.pg;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;

/*
 * What is asked must not depend on who asks, or two users of one database would get two answers. So the server's identifier
 * counts only where all roles may ask for it, as they may unless somebody took that from them. Elsewhere it is the
 * microsecond in which the tables were made, which all roles of the store can read.
 */
/**
 * Which database this is, however it was reached.
 *
 * @param server what only this server, or a copy of its files, has
 */
record Identity(String server, String database, String schema) {
    private static final String PLACE = """
            SELECT current_database(),
              coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relname = 'agent_schema' AND pg_table_is_visible(c.oid)), current_schema(), ''),
              coalesce(has_function_privilege('public', to_regprocedure('pg_catalog.pg_control_system()'), 'EXECUTE'), false),
              coalesce(has_table_privilege(to_regclass('agent_schema'), 'SELECT'), false)""";
    private static final String SYSTEM = "SELECT system_identifier::text FROM pg_control_system()";
    private static final String MADE = "SELECT (extract(epoch FROM applied) * 1000000)::bigint::text FROM agent_schema"
            + " ORDER BY version LIMIT 1";

    static Identity of(Session session) throws SQLException {
        try (Statement statement = session.connection().createStatement()) {
            String database;
            String schema;
            String server;
            try (ResultSet row = statement.executeQuery(PLACE)) {
                row.next();
                database = row.getString(1);
                schema = row.getString(2);
                server = row.getBoolean(3) ? SYSTEM : row.getBoolean(4) ? MADE : "";
            }
            return new Identity(server.isEmpty() ? unknown() : one(statement, server), database, schema);
        }
    }

    private static String one(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? (sql.equals(MADE) ? "made " : "") + row.getString(1) : unknown();
        }
    }

    // Equal to nothing else: two stores that cannot be told to be one are taken for those of two processes.
    private static String unknown() {
        return "unknown " + UUID.randomUUID();
    }

    @Override
    public String toString() {
        return "database " + database + ", schema " + schema + ", of the PostgreSQL server " + server;
    }
}
