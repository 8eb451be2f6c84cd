package dev.agentloop.testkit.crash;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.CrashHarness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * SIGKILL at each step of a compaction. Until its entry is durable the old window holds, and what was paid for is counted;
 * from then on the new one holds. Either way the conversation ends as it would have without the kill.
 */
@Tag("once")
class CompactionCrashTest {
    private static final String ID = "01a20000-0000-7000-8000-000000000002";
    private static final int NEVER = 0;
    private static final String FIRST = "before append compaction.begun";

    @TempDir
    Path temp;

    /** What a log says, read without the process that wrote it. */
    private record Log(List<LogEntry> entries, List<Compactor.Completed> compactions, String prompt, String before) {

        boolean has(String kind) {
            return entries.stream().anyMatch(entry -> entry.kind().equals(kind));
        }

        /** What the compaction was estimated at before it began. */
        Usage offer() {
            Usage first = usages("compaction.begun").get(0);
            return Usage.reported(first.input(), 0, 0, first.output(), 0);
        }

        /** What the entries of a kind were counted with. */
        List<Usage> usages(String kind) {
            return entries.stream()
                    .filter(entry -> entry.kind().equals(kind))
                    .map(entry -> Objects.requireNonNull(
                            JsonFields.of(entry.content()).inner("usage")))
                    .map(usage -> new Usage(
                            usage.number("input_tokens", 0),
                            0,
                            0,
                            usage.number("output_tokens", 0),
                            0,
                            usage.flag("estimated", false)))
                    .toList();
        }
    }

    private CrashHarness.Run run(Path folder, int stopAt, String when) throws Exception {
        Files.createDirectories(folder.resolve("store"));
        Path workspace = Files.createDirectories(temp.resolve("workspace"));
        return CrashHarness.of(CompactingChild.class).stopAt(stopAt, folder.toString(), ID, workspace.toString(), when);
    }

    private static Log log(Path folder) throws IOException {
        Path copy = Files.createTempDirectory(folder, "copy");
        try (Stream<Path> files = Files.list(folder.resolve("store"))) {
            for (Path file : files.filter(f -> f.toString().endsWith(".jsonl")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        try (ConversationStore store = new FileStore(copy);
                AgentLoop agent =
                        AgentLoop.builder().model(Traces.NO_MODEL).store(store).build()) {
            Conversation conversation = agent.resume(ID);
            List<Compactor.Completed> all = conversation.compactions();
            String now = wire(conversation.prompt());
            return new Log(
                    store.read(ID, 0, 10_000),
                    all,
                    all.isEmpty() ? now : wire(conversation.promptAt(all.get(0).version())),
                    all.isEmpty() ? now : wire(conversation.promptAt(all.get(0).version() - 1)));
        }
    }

    private static String wire(Prompt prompt) {
        StringBuilder text = new StringBuilder();
        prompt.wire().forEach(buffer -> text.append(UTF_8.decode(buffer)));
        return text.toString();
    }

    /** The last line: the answer, and all input and output tokens of the conversation. */
    private static String end(CrashHarness.Run run, Usage lost) {
        String[] words = run.output().get(run.output().size() - 1).split(" ", -1);
        return words[1] + " " + (Long.parseLong(words[2]) - lost.input()) + " "
                + (Long.parseLong(words[3]) - lost.output());
    }

    private static Usage times(int times, Usage usage) {
        return Usage.reported(times * usage.input(), 0, 0, times * usage.output(), 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"due", "requested"})
    void killedAtEachStep_theOldWindowHoldsOrTheNewOne(String when) throws Exception {
        Path twinFolder = temp.resolve("twin");
        CrashHarness.Run twin = run(twinFolder, NEVER, when);
        Log whole = log(twinFolder);
        assertThat(whole.compactions()).hasSize(1);
        assertThat(whole.prompt().length()).isLessThan(whole.before().length());
        int first = twin.points().indexOf(FIRST) + 1;
        int last = twin.points().lastIndexOf("event Compacted") + 1;
        assertThat(twin.points().subList(first - 1, last))
                .containsSubsequence(
                        FIRST,
                        "after append compaction.begun",
                        "event CompactionStarted",
                        "before summary",
                        "after summary",
                        "before append epoch.window",
                        "after append epoch.window",
                        "event Compacted");
        int lost = 0;
        for (int point = first; point <= last; point++) {
            lost += killedAt(point, when, twin, whole) ? 1 : 0;
        }
        assertThat(lost).as("kills that took a compaction away").isEqualTo(5);
    }

    /** Whether a compaction had begun and was taken away. */
    private boolean killedAt(int point, String when, CrashHarness.Run twin, Log whole) throws Exception {
        Path folder = temp.resolve("point-" + point);
        CrashHarness.Run killed = run(folder, point, when);
        String where = "killed at " + killed.stoppedAt().orElseThrow();
        Log left = log(folder);
        boolean begun = left.has("compaction.begun");
        boolean done = !left.compactions().isEmpty();
        assertThat(done).as(where).isEqualTo(left.has("epoch.window"));
        assertThat(done).as(where).isEqualTo(point > twin.points().indexOf("before append epoch.window") + 1);
        assertThat(left.before()).as("%s: the window before", where).isEqualTo(whole.before());
        assertThat(left.prompt()).as(where).isEqualTo(done ? whole.prompt() : whole.before());

        boolean lost = begun && !done;
        CrashHarness.Run resumed = run(folder, NEVER, when);
        Log in = log(folder);
        assertThat(in.compactions()).as(where).hasSize(1);
        // In a run that was to ask next, nobody knows whether it had: the log says that it counts as asked.
        List<Usage> broken = in.usages("response.broken");
        assertThat(broken)
                .as(where)
                .hasSize(when.equals("due") && !lost ? 1 : 0)
                .allMatch(Usage::estimated);
        Usage counted = times(lost ? 1 : 0, whole.offer());
        for (Usage each : broken) {
            counted = counted.plus(each);
        }
        assertThat(end(resumed, counted))
                .as("%s: all tokens, the lost ones included", where)
                .isEqualTo(end(twin, Usage.NONE));
        assertThat(requests(folder)).as(where).isEqualTo(requests(temp.resolve("twin")));
        assertThat(Files.readAllLines(folder.resolve("effects")))
                .as(where)
                .containsExactly("effect c1", "effect c2", "effect c3", "effect c4");
        return lost;
    }

    /** All requests but the summary's own, in order. */
    private static List<String> requests(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.getFileName().toString().startsWith("request-"))
                    .sorted()
                    .map(CompactionCrashTest::read)
                    .toList();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void killedTwiceBetweenRuns_countsBothLostCompactions() throws Exception {
        CrashHarness.Run twin = run(temp.resolve("twin"), NEVER, "requested");
        int point = twin.points().indexOf("after summary") + 1;
        Path folder = temp.resolve("killed");
        run(folder, point, "requested");
        CrashHarness.Run second = run(folder, point - twin.points().indexOf(FIRST), "requested");
        assertThat(second.stoppedAt()).contains("after summary");

        CrashHarness.Run resumed = run(folder, NEVER, "requested");

        assertThat(end(resumed, times(2, log(folder).offer()))).isEqualTo(end(twin, Usage.NONE));
    }
}
