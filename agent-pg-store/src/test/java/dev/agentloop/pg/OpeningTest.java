package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.one;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.pg.embedded.PgBouncer;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a store asks and does when it is opened. */
class OpeningTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() {
        server = Servers.newest();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void nothingThere() throws SQLException {
        run(server, "DROP SCHEMA public CASCADE");
        run(server, "CREATE SCHEMA public");
    }

    private static StoreException refused(Kind kind, PgConversationStore.Builder builder) {
        StoreException[] refusal = new StoreException[1];
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(builder::open)
                .satisfies(e -> refusal[0] = e);
        assertThat(refusal[0].kind()).as(refusal[0].getMessage()).isEqualTo(kind);
        return refusal[0];
    }

    @Test
    void manyStoresAtOnce_migrateOnce() throws SQLException {
        List<CompletableFuture<Void>> opening = IntStream.range(0, 6)
                .mapToObj(i -> CompletableFuture.runAsync(() -> {
                    try (PgConversationStore store = Servers.store(server).open()) {
                        append(store, newId(), 2);
                    }
                }))
                .toList();
        opening.forEach(CompletableFuture::join);
        assertThat(one(server, "SELECT count(*) FROM agent_schema"))
                .isEqualTo(Integer.toString(PgConversationStore.sql().size()));
        assertThat(one(server, "SELECT count(*) FROM agent_entry")).isEqualTo("12");
    }

    @Test
    void sql_appliedByHand_isWhatTheStoreNeeds() throws SQLException {
        PgConversationStore.Builder builder = Servers.store(server).schema(SchemaMode.CHECK);
        assertThat(refused(Kind.UNAVAILABLE, builder))
                .hasMessageContaining("at version 0")
                .hasMessageContaining("needs version 4")
                .hasMessageContaining("V1__conversations.sql, V2__activity.sql, V3__append.sql, V4__erased.sql");
        for (PgMigration migration : PgConversationStore.sql()) {
            run(server, migration.sql());
        }
        try (PgConversationStore store = builder.open()) {
            append(store, newId(), 2);
        }
    }

    @Test
    void store_withoutALookAtTheTables_saysWhenTheyAreMissing() {
        try (PgConversationStore store =
                Servers.store(server).schema(SchemaMode.NONE).open()) {
            assertThatExceptionOfType(StoreException.class)
                    .isThrownBy(() -> append(store, newId(), 1))
                    .withMessageContaining("42P01")
                    .withMessageContaining("PgConversationStore.sql()");
        }
    }

    @Test
    void schemaOfANewerLibrary_isTakenIfItSaysSo() throws SQLException {
        Servers.store(server).open().close();
        run(server, "INSERT INTO agent_schema (version, oldest) VALUES (5, 4)");
        Servers.store(server).open().close();
        run(server, "INSERT INTO agent_schema (version, oldest) VALUES (6, 5)");
        for (SchemaMode mode : List.of(SchemaMode.MIGRATE, SchemaMode.CHECK)) {
            assertThat(refused(Kind.UNKNOWN_FORMAT, Servers.store(server).schema(mode)))
                    .hasMessageContaining("at version 6")
                    .hasMessageContaining("knows version 5")
                    .hasMessageContaining("this one knows 4");
        }
    }

    @Test
    void ownConnections_planEachStatementOnce_butSetNothingBehindAPooler() throws SQLException {
        try (PgBouncer pooler = Servers.pooler(server)) {
            assertThat(planCacheMode(server.jdbcUrl(), false)).isEqualTo("force_generic_plan");
            assertThat(planCacheMode(pooler.jdbcUrl(), true)).isEqualTo("auto");
        }
    }

    private static String planCacheMode(String url, boolean pooler) throws SQLException {
        try (HikariDataSource pool = Pool.of(Pool.unpooled(url, server.user(), server.password()), 1, pooler);
                Connection connection = pool.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW plan_cache_mode")) {
            row.next();
            return row.getString(1);
        }
    }

    @Test
    void partitions_holdTheEntriesAndTheirSettings() throws SQLException {
        try (PgConversationStore store = Servers.store(server).partitions(4).open()) {
            for (int i = 0; i < 40; i++) {
                assertThat(append(store, newId(), 3).version()).isEqualTo(3);
            }
        }
        assertThat(one(server, "SELECT count(DISTINCT tableoid) FROM agent_entry"))
                .isEqualTo("4");
        assertThat(one(
                        server,
                        "SELECT count(*) FROM pg_class WHERE relname LIKE 'agent_entry__'"
                                + " AND 'vacuum_truncate=off' = ANY (reloptions)"))
                .isEqualTo("4");
    }

    @Test
    void pooler_isFoundAndNothingIsPreparedBehindIt() {
        try (PgBouncer pooler = Servers.pooler(server, 1)) {
            for (int i = 0; i < 2; i++) {
                try (PgConversationStore store = Servers.store(pooler).open()) {
                    appendOften(store);
                }
            }
            PgConversationStore.Builder told = Servers.store(pooler).pooler(false);
            try (PgConversationStore store = told.open()) {
                appendOften(store);
            }
            try (PgConversationStore store = told.open()) {
                assertThatExceptionOfType(StoreException.class)
                        .as("the second one on the same server connection")
                        .isThrownBy(() -> appendOften(store))
                        .withMessageContaining("prepared statement");
            }
        }
    }

    private static void appendOften(PgConversationStore store) {
        String id = newId();
        for (int i = 0; i < 10; i++) {
            append(store, id, 1);
        }
    }

    @Test
    void server_thatMayLoseWhatItAcknowledged_isRefused() throws SQLException {
        PgConversationStore.Builder builder =
                PgConversationStore.builder(server.jdbcUrl(), server.user(), server.password());
        assertThat(refused(Kind.UNAVAILABLE, builder))
                .hasMessageContaining("fsync = off")
                .hasMessageContaining("allowDataLoss()");
        try (EmbeddedPostgres torn =
                Servers.newestForcing("on").option("full_page_writes", "off").start()) {
            assertThat(refused(
                            Kind.UNAVAILABLE,
                            PgConversationStore.builder(torn.jdbcUrl(), torn.user(), torn.password())))
                    .hasMessageContaining("full_page_writes = off");
        }
        try (EmbeddedPostgres safe = Servers.newestForcing("on").start()) {
            PgConversationStore.connect(safe.jdbcUrl(), safe.user(), safe.password())
                    .close();
        }
    }

    @Test
    void dataSourceOfTheHosts_staysAsItWas() throws Exception {
        org.postgresql.ds.PGSimpleDataSource source = new org.postgresql.ds.PGSimpleDataSource();
        source.setUrl(server.jdbcUrl());
        source.setUser(server.user());
        source.setPassword(server.password());
        try (PgConversationStore store =
                PgConversationStore.builder(source).allowDataLoss().open()) {
            append(store, newId(), 1);
        }
        try (Connection connection = source.getConnection()) {
            assertThat(connection.isValid(1)).isTrue();
        }
    }
}
