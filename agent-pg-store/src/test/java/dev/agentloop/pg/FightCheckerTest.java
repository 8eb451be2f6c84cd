package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.RunOptions;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The checker of the fight finds nothing in a sound log, and each fault that is planted in one. */
class FightCheckerTest {
    private static EmbeddedPostgres server;
    private static PgConversationStore store;

    @TempDir
    private Path folder;

    private final String conversation = UUID.randomUUID().toString();
    private Connection connection;
    private FightRecord record;
    private FightRaw one;
    private FightRaw two;
    private FightLoop loop;

    @BeforeAll
    static void start() {
        server = Servers.newest();
        store = Servers.store(server).open();
    }

    @AfterAll
    static void stop() {
        store.close();
        server.close();
    }

    @BeforeEach
    void open() throws SQLException {
        connection = DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
        FightTool.makeTables(connection);
        record = new FightRecord(FightAccounts.file(folder, "all"));
        record.process(store.leases().process());
        one = new FightRaw(new FightStore(store, record, "one"), conversation);
        two = new FightRaw(new FightStore(store, record, "two"), conversation);
        loop = new FightLoop(
                new FightStore(store, record, "loop"),
                conversation,
                Pool.unpooled(server.jdbcUrl(), server.user(), server.password()),
                Clock.systemUTC(),
                1);
    }

    @AfterEach
    void close() throws SQLException {
        loop.close();
        record.close();
        connection.close();
    }

    /** Turns of three writers, one of them lost to the next. */
    private void write() {
        loop.run(RunOptions.WhenBusy.REJECT);
        one.begin();
        one.note(3);
        one.say("said by one");
        two.begin();
        two.note(2);
        two.say("said by two");
        two.end();
        loop.run(RunOptions.WhenBusy.REJECT);
        one.begin();
        one.note(1);
        one.note(1);
        one.end();
    }

    private List<String> violations() throws SQLException {
        return FightChecker.violations(FightRow.behind(0, connection, conversation), FightAccounts.in(folder));
    }

    private record Row(String fault, String sql, String rule) {
        @Override
        public String toString() {
            return fault;
        }
    }

    // The last four entries are a begin, two notes and an end.
    static Stream<Row> faults() {
        return Stream.of(
                new Row("a deleted row", "DELETE FROM log WHERE seq = 5", "gap: entry 6 "),
                new Row("a swapped pair", """
                        UPDATE log SET seq = 0 WHERE seq = 5; UPDATE log SET seq = 5 WHERE seq = 6;
                        UPDATE log SET seq = 6 WHERE seq = 0""", "chain: entry 5 "),
                new Row(
                        "a changed payload",
                        "UPDATE log SET payload = payload || ' ' WHERE seq = 5",
                        "payload: entry 5 "),
                new Row("another salt", "UPDATE log SET salt = digest WHERE seq = 5", "payload: entry 5 "),
                new Row("another kind", "UPDATE log SET kind = 'item.user' WHERE kind = 'item.model'", "chain: entry "),
                new Row(
                        "another turn",
                        "UPDATE log SET turn = 1 WHERE seq = (SELECT max(seq) FROM log)",
                        "turn: entry "),
                new Row("another base", "UPDATE log SET base = 1 WHERE seq = 5", "base: entry 5 "),
                new Row(
                        "an acknowledged append that is missing",
                        "DELETE FROM log WHERE seq > (SELECT max(seq) - 1 FROM log)",
                        "lost: the append "));
    }

    @ParameterizedTest
    @MethodSource
    void faults(Row row) throws SQLException {
        write();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "CREATE TEMP VIEW log AS SELECT * FROM agent_entry WHERE conversation = '" + conversation + "'");
            statement.execute(row.sql());
        }

        assertThat(violations()).anyMatch(violation -> violation.startsWith(row.rule()));

        connection.rollback();
        assertThat(violations()).isEmpty();
    }

    @Test
    void entryInTheTurnOfAnother_isFound() throws SQLException {
        write();
        one.begin();
        one.note(1);
        two.intrude(one);
        two.note(1);
        one.follow();
        one.end();

        assertThat(violations())
                .hasSize(1)
                .first()
                .asString()
                .startsWith("turn: entry ")
                .endsWith(" is of two, but stands in the turn of one");
    }

    @Test
    void sameItemTwice_isFound() throws SQLException {
        write();
        one.begin();
        one.say("said by two");
        one.end();

        assertThat(violations()).hasSize(1).first().asString().startsWith("twice: entry ");
    }

    @Test
    void entryOfNobody_isFound() throws SQLException {
        write();
        one = new FightRaw(new FightStore(store, new FightRecord(folder.resolve("hidden")), "nobody"), conversation);
        one.begin();

        assertThat(violations()).hasSize(1).first().asString().startsWith("writer: entry ");
    }

    @Test
    void inputThatIsNowhere_isFound() throws SQLException {
        write();
        record.kept("never said");

        assertThat(violations()).containsExactly("input: \"never said\" is 0 times in the log");
    }

    @Test
    void effectHadTwice_isFound() throws SQLException {
        write();
        record.effect("call");
        record.effect("call");

        assertThat(violations()).containsExactly("effect: call call had its effect 2 times");
    }
}
