package dev.agentloop.benchmarks;

import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.spi.LogEntry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;

/** Loading a conversation of items of 1 KiB, beside the plain SELECT of the same columns of the same rows. */
final class PostgresLoads {
    private static final String SELECT = """
            SELECT seq, kind, turn, base, salt, digest, chain, payload FROM agent_entry
            WHERE tenant = ? AND conversation = ? ORDER BY seq""";

    private static final int ITEMS_A_SLICE = 10_000;
    private static final int BATCH = 500;
    /** In a table that has little else, a server would read the table and sort. */
    private static final String OTHERS = """
            INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, salt, digest, chain, payload)
            SELECT '', id, seq, 0, 0, 'item.user', '\\x00', '\\x00', '\\x00', convert_to(repeat('x', 1024), 'UTF8')
            FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 1000)) AS c, generate_series(1, 200) AS seq""";

    private PostgresLoads() {}

    /** What the plain way makes of a row. */
    private record PlainRow(
            long version,
            String kind,
            long turn,
            long base,
            byte[] salt,
            byte[] digest,
            byte[] chain,
            byte[] payload) {}

    static void print(PostgresTarget target, int slices) throws Exception {
        System.out.println("\n| items | load, µs | plain select, µs | ratio |");
        System.out.println("|---|---|---|---|");
        // As the store's own pool has it, and as docs/postgres.md says for others.
        target.run("ALTER ROLE CURRENT_USER SET plan_cache_mode = force_generic_plan");
        // One connection, which both use in turn; what is counted behind the appends would need it, too.
        try (HikariDataSource pool = PostgresAppends.pool(target, 1);
                PgConversationStore store = PgConversationStore.builder(pool)
                        .allowDataLoss()
                        .activity(Duration.ZERO)
                        .open()) {
            target.run(OTHERS);
            for (int items : new int[] {100, 1_000, 10_000}) {
                String id = written(store, items);
                target.run("VACUUM ANALYZE agent_entry");
                int loads = ITEMS_A_SLICE / items;
                Slices result = Slices.of(
                        slices,
                        () -> micros(loads, items, () -> store.load(id)),
                        () -> micros(loads, items, () -> selected(pool, UUID.fromString(id))));
                System.out.printf(
                        Locale.ROOT,
                        "| %,d | %,.0f | %,.0f | %.2f |%n",
                        items,
                        result.micros()[0],
                        result.micros()[1],
                        result.ratios()[0]);
            }
        }
    }

    private static String written(PgConversationStore store, int items) {
        PostgresAppends.Log log = new PostgresAppends.Log();
        for (int done = 0; done < items; done += BATCH) {
            List<LogEntry> entries = log.next(Math.min(BATCH, items - done));
            log.appendAtOnce(store, entries);
        }
        return log.id();
    }

    private interface Load {
        List<?> rows() throws SQLException;
    }

    private static double micros(int loads, int items, Load load) throws SQLException {
        long begun = System.nanoTime();
        for (int i = 0; i < loads; i++) {
            if (load.rows().size() != items) {
                throw new IllegalStateException("rows are missing");
            }
        }
        return (System.nanoTime() - begun) / 1e3 / loads;
    }

    private static List<PlainRow> selected(HikariDataSource source, UUID id) throws SQLException {
        try (Connection connection = source.getConnection();
                PreparedStatement select = connection.prepareStatement(SELECT)) {
            select.setString(1, "");
            select.setObject(2, id);
            List<PlainRow> rows = new ArrayList<>();
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    rows.add(new PlainRow(
                            row.getLong(1),
                            row.getString(2),
                            row.getLong(3),
                            row.getLong(4),
                            row.getBytes(5),
                            row.getBytes(6),
                            row.getBytes(7),
                            row.getBytes(8)));
                }
            }
            return rows;
        }
    }
}
