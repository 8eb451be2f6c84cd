package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.pg.embedded.PgBouncer;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two stores are known to be one if they reach the same tables, and not otherwise. */
class IdentityTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() throws Exception {
        server = Servers.newest();
        run(server, "CREATE DATABASE other");
        run(server, "CREATE SCHEMA apart");
        run(server, "CREATE ROLE guest LOGIN PASSWORD 'secret'");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static Object identity(PgConversationStore.Builder builder) {
        try (PgConversationStore store = builder.allowDataLoss().open()) {
            return store.identity();
        }
    }

    private static PgConversationStore.Builder at(String url) {
        return PgConversationStore.builder(url, server.user(), server.password());
    }

    @Test
    void oneDatabase_isOneStore_howeverItIsReached() throws Exception {
        Object identity = identity(Servers.store(server));
        assertThat(identity(Servers.store(server).poolSize(1)))
                .isEqualTo(identity)
                .hasSameHashCodeAs(identity)
                .hasToString(identity.toString());
        assertThat(identity(at(server.jdbcUrl().replace("127.0.0.1", "localhost"))))
                .isEqualTo(identity);
        run(server, "GRANT SELECT ON agent_schema TO guest");
        assertThat(identity(PgConversationStore.builder(server.jdbcUrl(), "guest", "secret")
                        .schema(SchemaMode.CHECK)))
                .isEqualTo(identity);
        try (HikariDataSource pool =
                        Pool.of(Pool.unpooled(server.jdbcUrl(), server.user(), server.password()), 2, false);
                PgConversationStore hosted =
                        PgConversationStore.builder(pool).allowDataLoss().open()) {
            assertThat(hosted.identity()).isEqualTo(identity);
            assertThat(hosted.tenant("acme").identity()).isEqualTo(identity);
        }
        server.restart();
        assertThat(identity(Servers.store(server))).as("after a restart").isEqualTo(identity);
    }

    @Test
    void database_behindAPooler_isTheSame() {
        Assumptions.assumeTrue(Servers.hasPgBouncer(), Servers.NO_PGBOUNCER);
        Object identity = identity(Servers.store(server));
        try (PgBouncer pooler = Servers.pooler(server)) {
            assertThat(identity(Servers.store(pooler))).isEqualTo(identity);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void otherDatabases_andOtherSchemas_areOtherStores(boolean mayAsk) throws Exception {
        String change = mayAsk
                ? "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC"
                : "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC";
        String other = server.jdbcUrl().replaceAll("/[^/?]*(?=[?]|$)", "/other");
        String apart = server.jdbcUrl() + (server.jdbcUrl().contains("?") ? "&" : "?") + "currentSchema=apart";
        for (String url : List.of(server.jdbcUrl(), other)) {
            try (java.sql.Connection connection =
                            java.sql.DriverManager.getConnection(url, server.user(), server.password());
                    java.sql.Statement statement = connection.createStatement()) {
                statement.execute(change);
            }
        }
        try (EmbeddedPostgres elsewhere = Servers.newest()) {
            run(elsewhere, change);
            List<Object> identities = List.of(
                    identity(Servers.store(server)),
                    identity(at(other)),
                    identity(at(apart)),
                    identity(Servers.store(elsewhere)));
            assertThat(identities).doesNotHaveDuplicates();
            assertThat(identities.get(1).toString())
                    .startsWith("database other, schema public, of the PostgreSQL server ");
            assertThat(identities.get(2).toString()).startsWith("database postgres, schema apart, of the ");
            assertThat(identities.get(0).toString().contains("server made "))
                    .as("where not all may ask, it is when the tables were made")
                    .isEqualTo(!mayAsk);
        }
        run(server, "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC");
    }

    /** Nothing is known of tables that are not there: such a store is like no other, and can be opened all the same. */
    @Test
    void whereNothingCanBeAsked_aStoreIsOnlyItself() throws Exception {
        try (EmbeddedPostgres empty = Servers.newest()) {
            run(empty, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
            try (PgConversationStore one =
                            Servers.store(empty).schema(SchemaMode.NONE).open();
                    PgConversationStore two =
                            Servers.store(empty).schema(SchemaMode.NONE).open()) {
                assertThat(one.identity()).isNotEqualTo(two.identity());
                assertThat(one.tenant("acme").identity()).isEqualTo(one.identity());
            }
        }
    }
}
