package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is said when a store cannot be opened, and that no password is. */
class OpeningTroubleTest {
    private static final String SECRET = "pa55-of-the-database";
    private static EmbeddedPostgres server;
    private static int closed;

    private final CapturedLog log = new CapturedLog();

    @BeforeAll
    static void start() throws Exception {
        server = Servers.newest();
        for (String role : new String[] {"newcomer", "crowded", "pinned", "homeless"}) {
            run(server, "CREATE ROLE " + role + " LOGIN PASSWORD '" + SECRET + "'");
        }
        run(server, "ALTER ROLE crowded CONNECTION LIMIT 0");
        run(server, "ALTER ROLE pinned SET default_transaction_read_only = on");
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void noTables() throws SQLException {
        run(server, "DROP SCHEMA public CASCADE");
        run(server, "CREATE SCHEMA public");
        run(server, "GRANT USAGE ON SCHEMA public TO newcomer, pinned");
    }

    @AfterEach
    void assertNoPassword() {
        assertThat(log.text()).doesNotContain(SECRET).doesNotContain(server.password());
        log.close();
    }

    private static PgConversationStore.Builder builder(String url, String user, String password) {
        String filled = url.replace("{port}", Integer.toString(server.port()))
                .replace("{closed}", Integer.toString(closed))
                .replace("{secret}", SECRET);
        return PgConversationStore.builder(filled, user, password).allowDataLoss();
    }

    private static String told(Kind kind, PgConversationStore.Builder builder) {
        StoreException refusal = catchThrowableOfType(StoreException.class, builder::open);
        assertThat(refusal).isNotNull();
        assertThat(refusal.kind()).as(refusal.getMessage()).isEqualTo(kind);
        StringWriter trace = new StringWriter();
        refusal.printStackTrace(new PrintWriter(trace));
        assertThat(trace.toString()).doesNotContain(SECRET).doesNotContain(server.password());
        return String.valueOf(refusal.getMessage());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            jdbc:postgresql://127.0.0.1:{closed}/postgres          | newcomer | 08001 | check that the server runs and can be reached
            jdbc:postgresql://no-such-host.invalid/postgres        | newcomer | 08001 | check that the server runs and can be reached
            jdbc:postgresql://127.0.0.1:{port}/nothing             | newcomer | 3D000 | check the database's name in the URL
            jdbc:postgresql://127.0.0.1:{port}/postgres            | stranger | 28P01 | check the user, the password and the server's pg_hba.conf
            jdbc:postgresql://127.0.0.1:{port}/postgres            | crowded  | 53300 | make the pool smaller or put a pooler before it
            jdbc:postgresql://127.0.0.1:{port}/postgres            | newcomer | 42501 | give the database user the missing right
            jdbc:postgresql://127.0.0.1:{port}/postgres            | homeless | 3F000 | to a schema of its search_path, or set another one
            jdbc:postgresql://127.0.0.1:{port}/postgres            | pinned   | 25006 | the server is a replica or was made read-only: connect to the primary
            """)
    void open_withWhatCannotWork_saysWhatHappenedAndWhatToDo(String url, String user, String state, String advice) {
        assertThat(told(Kind.UNAVAILABLE, builder(url, user, SECRET)))
                .startsWith("cannot ")
                .contains("(SQLSTATE " + state + ")")
                .endsWith(advice + (state.equals("3D000") ? ", or create the database" : suffix(state)));
    }

    private static String suffix(String state) {
        return state.equals("08001") ? ", and try again" : "";
    }

    @Test
    void wrongPassword_isNotRepeated() {
        assertThat(told(
                        Kind.UNAVAILABLE,
                        builder("jdbc:postgresql://127.0.0.1:{port}/postgres", "newcomer", SECRET + "!")))
                .contains("password authentication failed for user \"newcomer\" (SQLSTATE 28P01)");
        assertThat(told(
                        Kind.UNAVAILABLE,
                        PgConversationStore.builder(
                                "jdbc:postgresql://127.0.0.1:" + server.port() + "/nothing?user=newcomer&password="
                                        + SECRET,
                                null,
                                null)))
                .contains("3D000");
    }

    @Test
    void url_thatIsNone_isNotRepeatedEither() {
        for (String url :
                new String[] {"jdbc:mysql://localhost/x?password=" + SECRET, "postgres://me:" + SECRET + "@db/x", ""}) {
            assertThatExceptionOfType(IllegalArgumentException.class)
                    .isThrownBy(() -> PgConversationStore.builder(url, null, null))
                    .withMessageContaining("jdbc:postgresql://host:5432/database")
                    .withMessageNotContaining(SECRET);
        }
    }

    @Test
    void tables_ofAnotherAge_areNamedByTheirVersion() throws SQLException {
        Servers.store(server).open().close();
        int newest = PgConversationStore.sql().size();
        run(server, "UPDATE agent_schema SET oldest = 90, version = 91 WHERE version = " + newest);
        assertThat(told(Kind.UNKNOWN_FORMAT, Servers.store(server)))
                .isEqualTo(
                        "the schema is at version 91, which needs a library that knows version 90, and this one knows "
                                + newest + ": use a newer agent-pg-store");
        run(server, "DELETE FROM agent_schema");
        assertThat(told(Kind.UNAVAILABLE, Servers.store(server).schema(SchemaMode.CHECK)))
                .startsWith("the schema is at version 0 (there are no tables), and this library needs version " + newest
                        + ": apply V1__conversations.sql");
    }

    @Test
    void migration_withTheMissingRight_worksAfterwards() throws SQLException {
        PgConversationStore.Builder builder =
                builder("jdbc:postgresql://127.0.0.1:{port}/postgres", "newcomer", SECRET);
        told(Kind.UNAVAILABLE, builder);
        assertThat(Logs.one(server, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"))
                .isEqualTo("0");
        run(server, "GRANT CREATE ON SCHEMA public TO newcomer");
        try (PgConversationStore store = builder.open()) {
            append(store, newId(), 1);
        }
    }

    @Test
    void server_thatIsTooOld_isNamed() {
        assertThatExceptionOfType(StoreException.class)
                .isThrownBy(() -> new Server(13, "on", "on", "on", false).check(false))
                .withMessage("the server is PostgreSQL 13, and the store needs 14 or newer: upgrade it");
        new Server(14, "on", "on", "on", false).check(false);
        assertThat(log.text()).doesNotContain("WARN");
        new Server(19, "on", "on", "on", false).check(false);
        assertThat(log.text()).contains("WARN the server is PostgreSQL 19; the store was tested with 14 to 18");
    }

    @Test
    void server_thatAcknowledgesTooEarly_isWarnedOf() throws IOException {
        try (EmbeddedPostgres hasty =
                Servers.newestForcing("on").option("synchronous_commit", "off").start()) {
            PgConversationStore.connect(hasty.jdbcUrl(), hasty.user(), hasty.password())
                    .close();
            assertThat(log.text())
                    .contains("WARN the server runs with synchronous_commit = off: a crash can lose the appends of its"
                            + " last moments");
        }
    }
}
