package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.testkit.CrashHarness;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The agent's JVM is killed at every event, append, tool call and decision of a run, each time in a process and with a
 * conversation of its own; then another JVM, which has to wait until the dead ones are held for dead, goes on with some of
 * them at once. A quarter of the points unless {@code -Dagentloop.crash.all} is set.
 */
@Tag("once")
class CrashMatrixTest {
    private static final int NEVER = 0;
    private static final int AT_ONCE = 8;

    private static EmbeddedPostgres server;
    private static PgConversationStore store;

    @TempDir
    Path temp;

    /** A conversation of its own for each kill. */
    private record Victim(String id, CrashFolder folder, String where) {}

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

    /** Which of the numbers from 1 on are tried. */
    static List<Integer> sample(int count, int oneIn) {
        List<Integer> all =
                new ArrayList<>(IntStream.rangeClosed(1, count).boxed().toList());
        if (Boolean.getBoolean("agentloop.crash.all")) {
            return all;
        }
        long seed = Long.getLong("agentloop.crash.seed", 1);
        System.out.println("-Dagentloop.crash.seed=" + seed + ", one in " + oneIn + " of " + count);
        Collections.shuffle(all, new Random(seed));
        return all.subList(0, count / oneIn);
    }

    private CrashHarness.Run run(int stopAt, List<Victim> victims) throws Exception {
        List<String> arguments = new ArrayList<>(List.of(
                server.jdbcUrl(),
                server.user(),
                server.dataFolder().resolveSibling("password").toString(),
                Files.createDirectories(temp.resolve("workspace")).toString()));
        victims.forEach(victim ->
                arguments.addAll(List.of(victim.id(), victim.folder().path().toString())));
        return CrashHarness.of(CrashChild.class).stopAt(stopAt, arguments.toArray(new String[0]));
    }

    private Victim victim(String name) {
        return new Victim(UUID.randomUUID().toString(), CrashFolder.in(temp.resolve(name)), name);
    }

    @Test
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void agentKilledAtEveryPoint_theNextProcessGoesOn() throws Exception {
        Victim twin = victim("twin");
        CrashHarness.Run whole = run(NEVER, List.of(twin));
        assertThat(whole.output()).contains("END " + twin.id() + " done");
        new CrashCheck(store, twin.folder(), twin.id(), "twin").ended(true);
        List<Integer> points = sample(whole.points().size(), 4);
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            List<Future<Integer>> batches = new ArrayList<>();
            for (int i = 0; i < points.size(); i += AT_ONCE) {
                List<Integer> batch = points.subList(i, Math.min(i + AT_ONCE, points.size()));
                batches.add(two.submit(() -> killedAt(batch)));
            }
            int kills = 0;
            for (Future<Integer> batch : batches) {
                kills += batch.get();
            }
            System.out.println("crash matrix, agent: " + kills + " kills at "
                    + whole.points().size() + " points, 0 violations");
            assertThat(kills).isGreaterThan(points.size() * 9 / 10);
        } finally {
            two.shutdownNow();
        }
    }

    /** Kills a process at each of these points, then lets one process go on with all that they left. */
    private int killedAt(List<Integer> points) throws Exception {
        List<Victim> victims = new ArrayList<>();
        for (int point : points) {
            Victim victim = victim("point-" + point);
            CrashHarness.Run killed = run(point, List.of(victim));
            // Calls run side by side, so that the last points of one run can be missing in another.
            if (killed.stoppedAt().isPresent()) {
                String where = "killed at " + point + ", " + killed.stoppedAt().get();
                victims.add(new Victim(victim.id(), victim.folder(), where));
                new CrashCheck(store, victim.folder(), victim.id(), where).survived();
            }
        }
        CrashHarness.Run next = run(NEVER, victims);
        String where = victims.stream().map(Victim::where).collect(Collectors.joining("; "));
        for (Victim victim : victims) {
            assertThat(next.output()).as(where).contains("END " + victim.id() + " done");
            new CrashCheck(store, victim.folder(), victim.id(), victim.where()).ended(true);
        }
        return victims.size();
    }
}
