package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Whoever migrates holds an advisory lock of its transaction, so of many processes that start at once one migrates and the
 * others find it done. A statement waits 5 s for the lock of a table at most, since all others queue behind it meanwhile.
 */
/** Brings the schema of a database to the version of this library, or says why it cannot. */
record Migrations(Database database, int partitions) {
    private static final Logger LOG = LoggerFactory.getLogger(Migrations.class);
    private static final List<String> FILES =
            List.of("V1__conversations.sql", "V2__activity.sql", "V3__append.sql", "V4__erased.sql");
    private static final int NEWEST = FILES.size();
    private static final Pattern STORAGE = Pattern.compile("\\) WITH \\((\\s+autovacuum[^)]*)\\);");

    /** What {@code agent_schema} says. */
    private record Found(int version, int oldest) {}

    static List<PgMigration> all(int partitions) {
        return FILES.stream()
                .map(file -> {
                    String text = partitions == 0 ? text(file) : partitioned(text(file), partitions);
                    return new PgMigration(FILES.indexOf(file) + 1, file, text);
                })
                .toList();
    }

    private static String text(String file) {
        try (InputStream in = Migrations.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("the resource " + file + " is missing in agent-pg-store");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // What is set for the storage of a table is set for each of its partitions instead.
    private static String partitioned(String text, int partitions) {
        Matcher matcher = STORAGE.matcher(text);
        return matcher.replaceFirst(found -> ") PARTITION BY HASH (conversation);\n\n"
                + IntStream.range(0, partitions)
                        .mapToObj(n -> "CREATE TABLE agent_entry_" + n
                                + " PARTITION OF agent_entry FOR VALUES WITH (MODULUS " + partitions + ", REMAINDER "
                                + n + ")\n  WITH (" + found.group(1).strip() + ");")
                        .reduce((a, b) -> a + "\n" + b)
                        .orElseThrow());
    }

    /** Migrates what is missing. */
    void apply() {
        if (read().version() >= NEWEST) {
            check();
            return;
        }
        int reached = database.transaction("migrate the schema", session -> {
            try (Statement statement = session.connection().createStatement()) {
                statement.execute("SET LOCAL lock_timeout = '60s'");
                statement.execute("SELECT pg_advisory_xact_lock(hashtext('agentloop'), 1)");
                statement.execute("SET LOCAL lock_timeout = '5s'");
                int version = found(statement).version();
                for (PgMigration migration : all(partitions)) {
                    if (migration.version() > version) {
                        statement.execute(migration.sql());
                        LOG.info("migrated the schema with {}", migration.file());
                    }
                }
                return found(statement).version();
            }
        });
        if (reached < NEWEST) {
            throw tooOld(reached);
        }
    }

    /** Refuses a schema that this library cannot work with. */
    void check() {
        Found found = read();
        if (found.version() < NEWEST) {
            throw tooOld(found.version());
        }
        if (found.oldest() > NEWEST) {
            throw new StoreException(
                    Kind.UNKNOWN_FORMAT,
                    "the schema is at version " + found.version() + ", which needs a library that knows version "
                            + found.oldest() + ", and this one knows " + NEWEST + ": use a newer agent-pg-store");
        }
    }

    private static StoreException tooOld(int version) {
        return new StoreException(
                Kind.UNAVAILABLE,
                "the schema is at version " + version + (version == 0 ? " (there are no tables)" : "")
                        + ", and this library needs version " + NEWEST + ": apply "
                        + String.join(", ", FILES.subList(version, NEWEST))
                        + " of PgConversationStore.sql(), or open the store with SchemaMode.MIGRATE");
    }

    private Found read() {
        return database.read("read the version of the schema", session -> {
            try (Statement statement = session.connection().createStatement()) {
                return found(statement);
            }
        });
    }

    private static Found found(Statement statement) throws SQLException {
        // Not to_regclass: it may answer from what the session knew before it waited for who else migrates.
        try (ResultSet row = statement.executeQuery(
                "SELECT 1 FROM pg_class WHERE relname = 'agent_schema' AND pg_table_is_visible(oid)")) {
            if (!row.next()) {
                return new Found(0, 0);
            }
        }
        try (ResultSet row =
                statement.executeQuery("SELECT version, oldest FROM agent_schema ORDER BY version DESC LIMIT 1")) {
            return row.next() ? new Found(row.getInt(1), row.getInt(2)) : new Found(0, 0);
        }
    }
}
