package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.LogPosition;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * An owner that is paused (SIGSTOP) between the durable start of a call and its effect, or behind the effect; another JVM
 * takes its conversations over, and then it wakes up, beats again and goes on.
 */
@Tag("once")
class TakeoverTest {
    private static final Duration GENEROUS = Duration.ofSeconds(60);

    @TempDir
    Path temp;

    private EmbeddedPostgres server;
    private PgConversationStore store;
    private Process owner;
    private BufferedReader said;
    private String process;

    /** A conversation of the owner's, where the owner stands in it, and what is done by the two in the end. */
    private record Case(String id, CrashFolder folder, String callId, String place, int effects) {}

    private final List<Case> cases = new ArrayList<>();

    @BeforeEach
    void start() {
        server = Servers.newest();
        store = CrashChild.store(server.jdbcUrl(), server.user(), server.password());
    }

    @AfterEach
    void stop() throws InterruptedException {
        owner.toHandle().destroyForcibly();
        owner.waitFor();
        store.close();
        server.close();
    }

    @Test
    void pausedOwner_writesNothingMore_andItsEffectsAreAsThePoliciesSay() throws Exception {
        // Behind the durable start, the owner looks before it acts: it does nothing any more.
        of("c1", "durable tool.started c1", 0);
        of("c2", "durable tool.started c2", 0);
        of("c3", "durable tool.started c3", 1);
        of("c4", "durable tool.started c4", 1);
        // What is released already cannot be called back: it is done late, and was reported as unknown.
        of("c1", "before effect c1", 1);
        of("c2", "before effect c2", 1);
        // The tool that honours fencing refuses the old owner, since the new one has run the call.
        of("c3", "before effect c3", 1);
        // A person was asked, and had it done.
        of("c4", "before effect c4", 2);
        of("c2", "after effect c2", 1);
        startOwner();
        signal("STOP");
        long paused = System.nanoTime();
        takeOver();
        Duration taken = Duration.ofNanos(System.nanoTime() - paused);
        System.out.println("taken over and run to their ends: " + cases.size() + " conversations, " + taken.toMillis()
                + " ms after the pause");
        assertThat(taken).isLessThan(GENEROUS);
        Map<Case, LogPosition> heads = new LinkedHashMap<>();
        cases.forEach(c -> heads.put(c, store.head(c.id()).orElseThrow()));
        long beat = beat();
        signal("CONT");
        await().until(() -> beat() > beat);
        owner.getOutputStream().write('\n');
        owner.getOutputStream().flush();
        Map<String, String> ends = ends();
        heads.forEach((c, head) -> {
            assertThat(store.head(c.id())).as(c.place()).contains(head);
            assertThat(ends.get(c.id())).as(c.place()).startsWith("CONFLICT: ");
            check(c, ends.get(c.id()));
        });
    }

    private void check(Case c, String end) {
        List<CrashEffect> effects = c.folder().effects(c.callId());
        assertThat(effects).as(c.place()).hasSize(c.effects());
        List<String> refused = c.folder().lines("refused");
        if (c.place().startsWith("durable")) {
            assertThat(end).contains("was taken over at version", "what it was about to do was not done");
            assertThat(refused).isEmpty();
        }
        if (c.place().equals("before effect c3")) {
            assertThat(refused).hasSize(1);
            assertThat(CrashEffect.read(refused.get(0)).token())
                    .isLessThan(effects.get(0).token());
            assertThat(CrashEffect.read(refused.get(0)).key())
                    .isEqualTo(effects.get(0).key());
        }
        if (c.effects() == 2) {
            assertThat(c.folder().lines("asked")).anyMatch(line -> line.startsWith(c.callId() + " This call"));
            new CrashCheck(store, c.folder(), c.id(), c.place()).survived();
        } else {
            new CrashCheck(store, c.folder(), c.id(), c.place()).ended(true);
        }
    }

    private void of(String callId, String place, int effects) {
        String id = UUID.randomUUID().toString();
        cases.add(new Case(id, CrashFolder.in(temp.resolve(id)), callId, place, effects));
    }

    /** Returns when the owner stands at its place in each conversation. */
    private void startOwner() throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                TakeoverChild.class.getName(),
                server.jdbcUrl(),
                server.user(),
                server.dataFolder().resolveSibling("password").toString(),
                temp.toString()));
        cases.forEach(c -> command.addAll(List.of(c.id(), c.folder().path().toString(), c.place())));
        owner = new ProcessBuilder(command)
                .redirectError(temp.resolve("errors").toFile())
                .start();
        said = owner.inputReader(StandardCharsets.UTF_8);
        int waiting = 0;
        while (waiting < cases.size()) {
            String line = line();
            process = line.startsWith("PROCESS ") ? line.substring("PROCESS ".length()) : process;
            assertThat(line).as("too early").doesNotStartWith("END ");
            waiting += line.startsWith("AT ") ? 1 : 0;
        }
    }

    private String line() throws IOException {
        String line = said.readLine();
        assertThat(line).as(() -> "the owner ended: " + errors()).isNotNull();
        return line;
    }

    private String errors() {
        try {
            return Files.readString(temp.resolve("errors"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void signal(String name) throws Exception {
        CommitStandby.signal(name, owner.pid());
    }

    private void takeOver() throws Exception {
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<String>> runs = new ArrayList<>();
            for (Case c : cases) {
                runs.add(threads.submit(() -> new CrashRun(store, c.folder(), c.id(), null).toEnd(temp)));
            }
            for (Future<String> run : runs) {
                assertThat(run.get()).isEqualTo("done");
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** The last sign of life of the owner. */
    private long beat() throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
                PreparedStatement statement =
                        connection.prepareStatement("SELECT beat FROM agent_node WHERE node = ?")) {
            statement.setString(1, process);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }

    /** How each of the owner's runs ended. */
    private Map<String, String> ends() throws IOException {
        Map<String, String> ends = new LinkedHashMap<>();
        while (ends.size() < cases.size()) {
            String line = line();
            if (line.startsWith("END ")) {
                String[] parts = line.split(" ", 3);
                ends.put(parts[1], parts[2]);
            }
        }
        return ends;
    }
}
