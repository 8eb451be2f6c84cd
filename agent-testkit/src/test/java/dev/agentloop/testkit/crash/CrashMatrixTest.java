package dev.agentloop.testkit.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.CrashHarness;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL at every event, every append and around every effect of a run: nothing that was acknowledged is lost, the log
 * folds to the bytes that were sent, and an effect happens once or is reported as unknown.
 */
@Tag("once")
class CrashMatrixTest {
    private static final String ID = "01a20000-0000-7000-8000-000000000001";
    private static final int NEVER = 0;
    private static final String UNKNOWN = "The result of this call is unknown";

    @TempDir
    Path temp;

    private CrashHarness.Run run(Path folder, int stopAt) throws Exception {
        Files.createDirectories(folder.resolve("store"));
        Path workspace = Files.createDirectories(temp.resolve("workspace"));
        return CrashHarness.of(CrashChild.class).stopAt(stopAt, folder.toString(), ID, workspace.toString());
    }

    @Test
    void killedAtEveryPoint_theNextProcessGoesOn() throws Exception {
        Path twin = temp.resolve("twin");
        CrashHarness.Run whole = run(twin, NEVER);
        assertThat(whole.output()).contains("END done");
        assertThat(whole.points()).hasSizeGreaterThan(60);
        ExecutorService two = Executors.newFixedThreadPool(2);
        try {
            List<Future<String>> matrix = new ArrayList<>();
            for (int point = 1; point <= whole.points().size(); point++) {
                int deadly = point;
                matrix.add(two.submit(() -> killedAt(deadly, twin)));
            }
            int compared = 0;
            for (Future<String> row : matrix) {
                compared += row.get().equals("equal") ? 1 : 0;
            }
            System.out.println("crash matrix: " + matrix.size() + " kills, 0 violations, " + compared
                    + " with nothing under way and a last request equal to the twin's");
            assertThat(compared).isGreaterThan(10);
        } finally {
            two.shutdownNow();
        }
    }

    private String killedAt(int point, Path twin) throws Exception {
        Path folder = temp.resolve("point-" + point);
        CrashHarness.Run killed = run(folder, point);
        String where = "killed at " + point + ", " + killed.stoppedAt().orElseThrow();
        Map<Long, String> sent = requests(folder);
        checkFold(folder, sent, where);
        boolean quiet = quiet(folder);
        assertThat(run(folder, NEVER).output()).as(where).contains("END done");
        List<String> all = List.copyOf(requests(folder).values());
        for (int i = 1; i < all.size(); i++) {
            assertThat(all.get(i).startsWith(all.get(i - 1)))
                    .as("%s: request %d extends the one before", where, i)
                    .isTrue();
        }
        checkEffects(folder, where);
        if (!quiet) {
            return "under way";
        }
        assertThat(all.get(all.size() - 1).equals(last(requests(twin))))
                .as("%s: the last request is the twin's", where)
                .isTrue();
        return "equal";
    }

    private static String last(Map<Long, String> requests) {
        return List.copyOf(requests.values()).get(requests.size() - 1);
    }

    private static Map<Long, String> requests(Path folder) throws IOException {
        Map<Long, String> requests = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(f -> f.getFileName().toString().startsWith("request-"))
                    .toList()) {
                long version = Long.parseLong(file.getFileName().toString().substring("request-".length()));
                requests.put(version, Files.readString(file));
            }
        }
        return requests;
    }

    /** The surviving log, up to the version at which a request was sent, folds to the bytes of that request. */
    private static void checkFold(Path folder, Map<Long, String> sent, String where) throws IOException {
        Path copy = folder.resolve("copy");
        Files.createDirectories(copy);
        try (Stream<Path> files = Files.list(folder.resolve("store"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".jsonl")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        try (ConversationStore store = new FileStore(copy);
                AgentLoop agent =
                        AgentLoop.builder().model(Traces.NO_MODEL).store(store).build()) {
            for (Map.Entry<Long, String> request : sent.entrySet()) {
                Conversation past = agent.fork(ID, request.getKey());
                assertThat(wire(past.prompt()))
                        .as("%s: version %d", where, request.getKey())
                        .isEqualTo(request.getValue());
            }
        }
    }

    private static String wire(Prompt prompt) {
        StringBuilder text = new StringBuilder();
        for (ByteBuffer buffer : prompt.wire()) {
            text.append(UTF_8.decode(buffer));
        }
        return text.toString();
    }

    /** Whether the log ends with no response and no call under way. */
    private static boolean quiet(Path folder) {
        int open = 0;
        boolean responding = false;
        try (ConversationStore store = new FileStore(folder.resolve("copy"))) {
            for (LogEntry entry : store.read(ID, 0, 10_000)) {
                if (entry.kind().equals("item.model")) {
                    responding = true;
                    open += Item.of(entry.content()) instanceof Item.Call ? 1 : 0;
                } else if (entry.kind().startsWith("item.output")) {
                    open--;
                } else if (entry.kind().startsWith("response")) {
                    responding = false;
                }
            }
        }
        return open == 0 && !responding;
    }

    /** An effect that must not be repeated is there once, or it is missing or done and reported as unknown. */
    private static void checkEffects(Path folder, String where) throws IOException {
        List<String> effects = Files.readAllLines(folder.resolve("effects"));
        String last = last(requests(folder));
        for (String call : List.of("c2", "c3", "c6")) {
            long times = effects.stream().filter(("effect " + call)::equals).count();
            boolean reported = last.contains("\"call_id\":\"" + call + "\",\"output\":\"" + UNKNOWN);
            boolean done = last.contains("\"call_id\":\"" + call + "\",\"output\":\"did " + call + "\"");
            assertThat(times).as("%s: %s", where, call).isLessThanOrEqualTo(1);
            assertThat(done ? times == 1 : reported)
                    .as("%s: %s is done once, or reported", where, call)
                    .isTrue();
        }
        assertThat(effects).as(where).contains("note c1", "look c4", "look c5");
    }
}
