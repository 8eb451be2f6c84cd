package dev.agentloop.testkit.crash;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Outcome;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.CrashHarness;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL while an answer streams: what a person saw is in the log but for the last moment, and what the response was paid for
 * is counted once.
 */
@Tag("once")
class PartialCrashTest {
    private static final String ID = "01a20000-0000-7000-8000-000000000002";
    private static final Pattern TEXT = Pattern.compile("\\{\"text\":\"(.*)\"}");
    private static final Pattern TOKENS =
            Pattern.compile("\"input_tokens\":(\\d+).*\"output_tokens\":(\\d+).*\"estimated\":true");

    @TempDir
    Path temp;

    /** What such an entry says; its text has no escapes but these. */
    static String text(LogEntry entry) {
        Matcher matcher = TEXT.matcher(new String(entry.content(), StandardCharsets.UTF_8));
        assertThat(matcher.matches()).as("%s", entry).isTrue();
        return matcher.group(1).replace("\\n", "\n").replace("\\\"", "\"");
    }

    private static CrashHarness.Run run(Path folder, int stopAt) throws Exception {
        Files.createDirectories(folder);
        return CrashHarness.of(StreamingChild.class).stopAt(stopAt, folder.toString(), ID);
    }

    @Test
    void killedAnywhere_theLogHasWhatWasSeen_andWhatItWasPaidFor() throws Exception {
        CrashHarness.Run whole = run(temp.resolve("whole"), 0);
        assertThat(whole.points()).filteredOn("kept"::equals).hasSize(3);
        int kept = 0;
        for (int point = 1; point <= whole.points().size(); point++) {
            Path folder = temp.resolve("killed-" + point);
            CrashHarness.Run run = run(folder, point);
            String where = "killed at " + point + ", " + run.stoppedAt().orElseThrow();
            try (ConversationStore store = new FileStore(folder)) {
                if (store.head(ID).isPresent()) {
                    kept += check(store, run.output(), where);
                }
            }
        }
        assertThat(kept).isGreaterThan(5);
    }

    private static int check(ConversationStore store, List<String> output, String where) {
        List<LogEntry> left = store.read(ID, 0, 1_000);
        String said = left.stream()
                .filter(entry -> entry.kind().equals("aside.partial"))
                .map(PartialCrashTest::text)
                .collect(Collectors.joining());
        String seen = output.stream()
                .filter(line -> line.startsWith("SEEN "))
                .map(line -> line.substring(5).replace("\\n", "\n"))
                .collect(Collectors.joining());
        int kept = output.stream()
                .filter(line -> line.startsWith("KEPT "))
                .mapToInt(line -> Integer.parseInt(line.substring(5)))
                .max()
                .orElse(0);
        assertThat(seen).as(where).startsWith(said);
        assertThat(said.length()).as(where).isGreaterThanOrEqualTo(kept);
        boolean answered = left.stream().anyMatch(entry -> entry.kind().equals("item.model"));
        boolean ended = left.get(left.size() - 1).kind().equals("turn.ended");
        assertThat(goneOn(store, where))
                .as(where)
                .isEqualTo(left.stream().anyMatch(entry -> entry.kind().equals("response")) ? 0 : 1);
        if (!said.isEmpty() && !answered && !ended) {
            Matcher tokens = TOKENS.matcher(broken(store));
            assertThat(tokens.find()).as(where).isTrue();
            assertThat(Integer.parseInt(tokens.group(1))).as(where).isPositive();
            assertThat(Integer.parseInt(tokens.group(2)))
                    .as(where)
                    .isEqualTo((said.getBytes(StandardCharsets.UTF_8).length + 3) / 4);
        }
        return said.isEmpty() ? 0 : 1;
    }

    private static String broken(ConversationStore store) {
        return store.read(ID, 0, 1_000).stream()
                .filter(entry -> entry.kind().equals("response.broken"))
                .map(entry -> new String(entry.content(), StandardCharsets.UTF_8))
                .collect(Collectors.joining("\n"));
    }

    /** How many broken responses the log has after two more runs. */
    private static long goneOn(ConversationStore store, String where) {
        ScriptedModel model = ScriptedModel.builder()
                .otherwise(prompt -> ScriptedResponse.says("Gone on."))
                .build();
        for (int turn = 0; turn < 2; turn++) {
            try (AgentLoop agent = AgentLoop.builder().model(model).store(store).build()) {
                Conversation conversation = agent.resume(ID);
                Outcome outcome = conversation.run("Go on");
                assertThat(outcome.text()).as(where).isEqualTo("Gone on.");
            }
        }
        return broken(store).lines().count();
    }
}
