package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.pg.FightPausedChild.Place;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * An owner is stopped between the start of a call and its effect, loses its turn, and wakes up: the log has nothing more of it,
 * its effect is had at most once, and the model is told what is known.
 */
@Tag("once")
class FightPauseTest {
    private static EmbeddedPostgres server;

    @TempDir
    private Path folder;

    private final String conversation = UUID.randomUUID().toString();

    @BeforeAll
    static void start() {
        server = Servers.newest();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** What becomes of a call: of the answer, of its effect that cannot be told apart, and of the one under a key. */
    private record Row(
            FightTool tool, Place place, String answer, List<String> effects, List<String> counted, String old) {
        @Override
        public String toString() {
            return tool + " stopped " + place;
        }
    }

    static Stream<Row> wokenOwner_writesNothingMoreAndHasNoSecondEffect() {
        return Stream.of(
                new Row(
                        FightTool.EFFECT,
                        Place.STARTED,
                        "it is unknown",
                        List.of(),
                        List.of(),
                        "what it was about to do was not done"),
                new Row(
                        FightTool.EFFECT,
                        Place.INSIDE,
                        "it is unknown",
                        List.of(FightPausedChild.CALL),
                        List.of(),
                        "somebody else has written to it"),
                new Row(
                        FightTool.COUNT,
                        Place.STARTED,
                        "it is done",
                        List.of(),
                        List.of("new"),
                        "what it was about to do was not done"),
                new Row(
                        FightTool.COUNT,
                        Place.INSIDE,
                        "it is done",
                        List.of(),
                        List.of("new"),
                        "somebody else has written to it"));
    }

    @ParameterizedTest
    @MethodSource
    void wokenOwner_writesNothingMoreAndHasNoSecondEffect(Row row) throws Exception {
        try (Connection connection = DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
                FightJvm old = startOld(row)) {
            FightTool.makeTables(connection);
            Awaitility.await()
                    .atMost(Duration.ofMinutes(1))
                    .until(() -> old.output().contains("paused\n"));
            old.pause();
            String answer = takeOver(row.tool());
            old.resume();
            old.say("go on");

            assertThat(old.awaitEnd()).as(old.output()).isZero();
            assertThat(answer).isEqualTo(row.answer());
            assertThat(old.output()).contains("ended CONFLICT: ").contains(row.old());
            List<FightRow> rows = FightRow.behind(0, connection, conversation);
            FightAccounts accounts = FightAccounts.in(folder);
            assertThat(FightChecker.violations(rows, accounts)).isEmpty();
            assertThat(accounts.effects()).isEqualTo(row.effects());
            assertThat(counted(connection, rows)).isEqualTo(row.counted());
        }
    }

    private FightJvm startOld(Row row) {
        return FightJvm.start(
                FightPausedChild.class,
                "old",
                folder,
                server.jdbcUrl(),
                server.user(),
                server.password(),
                conversation,
                row.tool().name(),
                row.place().name());
    }

    private String takeOver(FightTool tool) {
        try (PgConversationStore store = FightChild.store(server.jdbcUrl(), server.user(), server.password());
                HikariDataSource resource =
                        Pool.of(Pool.unpooled(server.jdbcUrl(), server.user(), server.password()), 2, false);
                FightRecord record = new FightRecord(FightAccounts.file(folder, "new"))) {
            record.process(store.leases().process());
            return FightPausedChild.runThrough(new FightStore(store, record, "new"), resource, conversation, tool);
        }
    }

    /** Whose turns counted the call. */
    private List<String> counted(Connection connection, List<FightRow> rows) throws SQLException {
        long second = rows.stream()
                .filter(entry -> entry.kind().equals("turn.begun"))
                .mapToLong(FightRow::seq)
                .skip(1)
                .findFirst()
                .orElseThrow();
        List<String> owners = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet tokens = statement.executeQuery(
                        "SELECT token FROM fight_effect WHERE key LIKE '" + conversation + "/%'")) {
            while (tokens.next()) {
                owners.add(tokens.getLong(1) == second ? "new" : "old");
            }
        }
        return owners;
    }
}
