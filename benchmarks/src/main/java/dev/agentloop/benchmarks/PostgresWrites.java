package dev.agentloop.benchmarks;

import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.spi.LogEntry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/** What an append leaves in the server's own log and in its table, beside a store that writes a conversation again each time. */
final class PostgresWrites {
    private static final int CONVERSATIONS = 40;
    private static final int ITEMS = 100;
    private static final String DELETE = "DELETE FROM rewritten WHERE conversation = ?";
    private static final String INSERT = "INSERT INTO rewritten (conversation, nr, payload) VALUES (?, ?, ?)";

    private PostgresWrites() {}

    private interface Writing {
        void write() throws SQLException;
    }

    static void print(PostgresTarget target) throws SQLException {
        target.run("CREATE TABLE rewritten (conversation uuid, nr int, payload bytea, PRIMARY KEY (conversation, nr))");
        System.out.printf(
                Locale.ROOT,
                "%n%d conversations that grow to %d items of 1 KiB, one a turn:%n%n",
                CONVERSATIONS,
                ITEMS);
        System.out.println("| way | WAL bytes an append | dead rows an append |");
        System.out.println("|---|---|---|");
        try (PgConversationStore store = PgConversationStore.builder(target.url(), target.user(), target.password())
                .allowDataLoss()
                .open()) {
            row(target, "append", "agent_entry", () -> append(store));
        }
        row(target, "DELETE all, INSERT all", "rewritten", () -> rewrite(target));
    }

    private static void row(PostgresTarget target, String way, String table, Writing writing) throws SQLException {
        try (Connection connection = target.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("VACUUM " + table);
            statement.execute("CHECKPOINT");
            long deadBefore = dead(statement, table);
            long before = number(statement, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint");
            writing.write();
            long after = number(statement, "SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint");
            double appends = CONVERSATIONS * (double) ITEMS;
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %,.0f | %,.1f |%n",
                    way,
                    (after - before) / appends,
                    (dead(statement, table) - deadBefore) / appends);
        }
    }

    // By the count of what was deleted or updated, which vacuuming in between does not change.
    private static long dead(Statement statement, String table) throws SQLException {
        statement.execute("SELECT pg_stat_force_next_flush()");
        return number(
                statement, "SELECT n_tup_del + n_tup_upd FROM pg_stat_user_tables WHERE relname = '" + table + "'");
    }

    private static long number(Statement statement, String query) throws SQLException {
        try (ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void append(PgConversationStore store) {
        for (int i = 0; i < CONVERSATIONS; i++) {
            PostgresAppends.Log log = new PostgresAppends.Log();
            log.append(store, log.next(ITEMS));
        }
    }

    private static void rewrite(PostgresTarget target) throws SQLException {
        try (Connection connection = target.connect();
                PreparedStatement delete = connection.prepareStatement(DELETE);
                PreparedStatement insert = connection.prepareStatement(INSERT)) {
            connection.setAutoCommit(false);
            for (int i = 0; i < CONVERSATIONS; i++) {
                UUID id = UUID.randomUUID();
                List<LogEntry> items = new ArrayList<>(new PostgresAppends.Log().next(ITEMS));
                for (int turn = 1; turn <= ITEMS; turn++) {
                    delete.setObject(1, id);
                    delete.executeUpdate();
                    for (int nr = 0; nr < turn; nr++) {
                        insert.setObject(1, id);
                        insert.setInt(2, nr);
                        insert.setBytes(3, items.get(nr).payload());
                        insert.addBatch();
                    }
                    insert.executeBatch();
                    connection.commit();
                }
            }
        }
    }
}
