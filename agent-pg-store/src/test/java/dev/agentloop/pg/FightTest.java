package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariDataSource;
import dev.agentloop.RunOptions;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Four JVMs fight over one conversation, and its log is sound. With {@code -Dagentloop.fight.appends=20000} it takes some
 * minutes; {@code -Dagentloop.fight.seed} repeats a plan, as far as processes can.
 */
@Tag("once")
class FightTest {
    private static final Pattern COUNTED = Pattern.compile("counted [^\"]+/[^\"]+");

    /**
     * What a machine that is busy with five JVMs may take besides the bound: until another JVM looks, until it runs at all,
     * and until it has loaded the log.
     */
    private static final Duration MARGIN = Duration.ofSeconds(15);

    @TempDir
    private Path folder;

    private final String conversation = UUID.randomUUID().toString();

    @Test
    void fourJvmsWithOneConversation_loseNothingAndDoNotInterleave() throws Exception {
        int appends = Integer.getInteger("agentloop.fight.appends", 3_000);
        long seed = Long.getLong("agentloop.fight.seed", System.nanoTime());
        System.out.println("fight of " + appends + " appends, seed " + seed);
        try (EmbeddedPostgres server = Servers.newest();
                Connection connection =
                        DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
                Fight fight = new Fight(server, folder, conversation, seed)) {
            FightTool.makeTables(connection);
            runAlone(server, "first", 1);
            fight.run(appends);
            runAlone(server, "last", 3);

            List<FightRow> rows = FightRow.behind(0, connection, conversation);
            FightAccounts accounts = FightAccounts.in(folder);
            System.out.println(summary(fight, rows, accounts));
            assertThat(FightChecker.violations(rows, accounts)).isEmpty();
            assertThat(effectsWithoutTrace(connection, rows)).isEmpty();
            assertThat(accounts.acknowledged()).hasSizeGreaterThanOrEqualTo(appends);
            assertThat(accounts.refused()).containsKeys("append CONFLICT", "run BUSY", "run HandedOver");
            assertThat(fight.afterKill())
                    .isNotEmpty()
                    .allSatisfy(wait -> assertThat(wait).isLessThan(FightChild.BOUND.plus(MARGIN)));
        }
    }

    /** Makes the conversation, and takes over what the others left: the turn of a dead one, and messages in its inbox. */
    private void runAlone(EmbeddedPostgres server, String writer, int times) {
        try (PgConversationStore store = FightChild.store(server.jdbcUrl(), server.user(), server.password());
                HikariDataSource resource =
                        Pool.of(Pool.unpooled(server.jdbcUrl(), server.user(), server.password()), 2, false);
                FightRecord own = new FightRecord(FightAccounts.file(folder, writer));
                FightLoop loop = new FightLoop(
                        new FightStore(store, own, writer), conversation, resource, Clock.systemUTC(), 1)) {
            own.process(store.leases().process());
            for (int i = 0; i < times; i++) {
                loop.run(RunOptions.WhenBusy.QUEUE);
            }
            assertThat(store.inbox(conversation)).isEmpty();
        }
    }

    /** What the log says was done under a call's key, and was not. */
    private static List<String> effectsWithoutTrace(Connection connection, List<FightRow> rows) throws SQLException {
        List<String> missing = new ArrayList<>(rows.stream()
                .filter(row -> row.kind().equals("item.output"))
                .flatMap(row -> COUNTED.matcher(new String(row.payload(), StandardCharsets.UTF_8))
                        .results())
                .map(MatchResult::group)
                .map(text -> text.substring("counted ".length()))
                .toList());
        try (Statement statement = connection.createStatement();
                ResultSet keys = statement.executeQuery("SELECT key FROM fight_effect")) {
            while (keys.next()) {
                missing.remove(keys.getString(1));
            }
        }
        return missing;
    }

    private static String summary(Fight fight, List<FightRow> rows, FightAccounts accounts) {
        long turns =
                rows.stream().filter(row -> row.kind().equals("turn.begun")).count();
        long ended =
                rows.stream().filter(row -> row.kind().equals("turn.ended")).count();
        long windows =
                rows.stream().filter(row -> row.kind().equals("epoch.window")).count();
        return String.format(
                Locale.ROOT,
                "%,d appends acknowledged, %,d entries, %,d turns, %,d of them lost to another owner, %,d compactions, %,d"
                        + " effects; %d kills, %d pauses; new owner after a kill: %s; after a pause: %s; refused: %s",
                accounts.acknowledged().size(),
                rows.size(),
                turns,
                turns - ended,
                windows,
                accounts.effects().size(),
                fight.kills(),
                fight.pauses(),
                percentiles(fight.afterKill()),
                percentiles(fight.afterPause()),
                accounts.refused());
    }

    private static String percentiles(List<Duration> waits) {
        List<Long> sorted = waits.stream().map(Duration::toMillis).sorted().toList();
        return sorted.isEmpty()
                ? "never"
                : sorted.size() + " times, median " + sorted.get(sorted.size() / 2) + " ms, longest "
                        + sorted.get(sorted.size() - 1) + " ms";
    }
}
