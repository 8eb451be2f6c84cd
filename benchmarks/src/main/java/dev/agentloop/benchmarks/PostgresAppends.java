package dev.agentloop.benchmarks;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import javax.sql.DataSource;

/**
 * Appending entries of 1 KiB one by one, each thread to a conversation of its own, beside plain JDBC into the same table over
 * connections of the same pool: the same statement, which looks for the predecessor, and the bare insert of the same row.
 */
final class PostgresAppends implements AutoCloseable {
    private static final int APPENDS_A_SLICE = 400;
    private static final String BARE = """
            INSERT INTO agent_entry (turn, base, kind, salt, digest, chain, payload, tenant, conversation, seq)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""";

    private static final String GUARDED = """
            INSERT INTO agent_entry (tenant, conversation, seq, turn, base, kind, salt, digest, chain, payload)
            SELECT tenant, conversation, seq + 1, ?, ?, ?, ?, ?, ?, ? FROM agent_entry
            WHERE tenant = ? AND conversation = ? AND seq = ? AND chain = ? AND kind <> 'sealed'""";

    private final int appends;
    private final PgConversationStore store;
    private final HikariDataSource pool;
    private final ExecutorService executor;
    private final List<Log> logs = new ArrayList<>();
    private final List<Log> guardedLogs = new ArrayList<>();
    private final List<Log> bareLogs = new ArrayList<>();

    private PostgresAppends(PostgresTarget target, int threads) {
        appends = Math.max(20, APPENDS_A_SLICE / threads);
        pool = pool(target, threads);
        store = PgConversationStore.builder(pool).allowDataLoss().open();
        executor = Executors.newFixedThreadPool(threads);
        for (int i = 0; i < threads; i++) {
            for (List<Log> each : List.of(logs, guardedLogs, bareLogs)) {
                Log log = new Log();
                log.append(store, log.next(1));
                each.add(log);
            }
        }
    }

    static HikariDataSource pool(PostgresTarget target, int size) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(target.url());
        config.setUsername(target.user());
        config.setPassword(target.password());
        config.setMaximumPoolSize(size);
        return new HikariDataSource(config);
    }

    static void head() {
        System.out.println("\n| way | threads | append, µs | same statement, µs | ratio | bare insert, µs | ratio |");
        System.out.println("|---|---|---|---|---|---|---|");
    }

    static void print(String way, PostgresTarget target, int slices, int... counts) throws Exception {
        for (int threads : counts) {
            try (PostgresAppends appends = new PostgresAppends(target, threads)) {
                Slices result = Slices.of(
                        slices,
                        appends::appended,
                        () -> appends.inserted(appends.guardedLogs, true),
                        () -> appends.inserted(appends.bareLogs, false));
                System.out.printf(
                        Locale.ROOT,
                        "| %s | %d | %.0f | %.0f | %.2f | %.0f | %.2f |%n",
                        way,
                        threads,
                        result.micros()[0],
                        result.micros()[1],
                        result.ratios()[0],
                        result.micros()[2],
                        result.ratios()[1]);
            }
        }
    }

    /** A log that grows, whose next entries are made before a slice. */
    static final class Log {
        private final String id = UUID.randomUUID().toString();
        private final byte[] payload =
                ("{\"text\":\"" + "x".repeat(1_013) + "\"}").getBytes(java.nio.charset.StandardCharsets.US_ASCII);

        private LogPosition position = LogPosition.START;

        String id() {
            return id;
        }

        List<LogEntry> next(int count) {
            List<LogEntry> entries = new ArrayList<>();
            LogPosition before = position;
            for (int i = 0; i < count; i++) {
                LogEntry entry = LogEntry.after(before, "item.user", 0, 0, payload);
                entries.add(entry);
                before = entry.position();
            }
            return entries;
        }

        void append(PgConversationStore store, List<LogEntry> entries) {
            for (LogEntry entry : entries) {
                position = store.append(id, position, List.of(entry));
            }
        }

        void appendAtOnce(PgConversationStore store, List<LogEntry> entries) {
            position = store.append(id, position, entries);
        }

        /** The chain hashes of where the log stands, and of these entries behind it. */
        List<byte[]> chains(List<LogEntry> entries) {
            return Stream.concat(Stream.of(position), entries.stream().map(LogEntry::position))
                    .map(at -> HexFormat.of().parseHex(at.hash()))
                    .toList();
        }

        void insert(DataSource source, List<LogEntry> entries, List<byte[]> chains, boolean guarded)
                throws SQLException {
            UUID uuid = UUID.fromString(id);
            for (int i = 0; i < entries.size(); i++) {
                LogEntry entry = entries.get(i);
                try (Connection connection = source.getConnection();
                        PreparedStatement insert = connection.prepareStatement(guarded ? GUARDED : BARE)) {
                    insert.setLong(1, entry.turn());
                    insert.setLong(2, entry.base());
                    insert.setString(3, entry.kind());
                    insert.setBytes(4, entry.salt());
                    insert.setBytes(5, entry.digest());
                    insert.setBytes(6, chains.get(i + 1));
                    insert.setBytes(7, entry.payload());
                    insert.setString(8, "");
                    insert.setObject(9, uuid);
                    insert.setLong(10, guarded ? entry.version() - 1 : entry.version());
                    if (guarded) {
                        insert.setBytes(11, chains.get(i));
                    }
                    if (insert.executeUpdate() != 1) {
                        throw new IllegalStateException("nothing was inserted");
                    }
                }
            }
            position = entries.get(entries.size() - 1).position();
        }
    }

    private double appended() throws Exception {
        List<Callable<Void>> work = new ArrayList<>();
        for (Log log : logs) {
            List<LogEntry> entries = log.next(appends);
            work.add(() -> {
                log.append(store, entries);
                return null;
            });
        }
        return micros(work);
    }

    private double inserted(List<Log> into, boolean guarded) throws Exception {
        List<Callable<Void>> work = new ArrayList<>();
        for (Log log : into) {
            List<LogEntry> entries = log.next(appends);
            List<byte[]> chains = log.chains(entries);
            work.add(() -> {
                log.insert(pool, entries, chains, guarded);
                return null;
            });
        }
        return micros(work);
    }

    // What a thread waits for one append.
    private double micros(List<Callable<Void>> work) throws Exception {
        long begun = System.nanoTime();
        for (Future<Void> done : executor.invokeAll(work)) {
            done.get();
        }
        return (System.nanoTime() - begun) / 1e3 / appends;
    }

    @Override
    public void close() {
        executor.shutdown();
        store.close();
        pool.close();
    }
}
