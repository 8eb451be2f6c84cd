package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.Outcome;
import dev.agentloop.Tool.Access;
import dev.agentloop.openai.Effects.Effect;
import dev.agentloop.stores.FileStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cases whose servers send ids that are none, or send them again: each is played four times in one conversation, over
 * three resumes and two compactions.
 */
class CallIdentityCasesTest {
    private static final String ECHO = """
            {"events":[
             {"type":"response.output_item.done","output_index":0,"item":{"id":"fc_1","type":"function_call",
              "status":"completed","call_id":"SAME1","name":"echo","arguments":"{\\"x\\":\\"1\\"}"}},
             {"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}]}""";
    private static final String DONE = """
            {"events":[
             {"type":"response.output_item.done","output_index":0,"item":{"id":"msg_1","type":"message",
              "role":"assistant","status":"completed","content":[{"type":"output_text","text":"done","annotations":[]}]}},
             {"type":"response.completed","response":{"id":"resp_1","status":"completed","output":[]}}]}""";

    @TempDir
    Path folder;

    private final Effects effects = new Effects();

    private ResumingHost host(CaseServer server, Compactor compactor, Path logs) {
        OpenAiModel model = OpenAiModel.builder("gpt-5.1-codex")
                .baseUrl(server.baseUrl())
                .retries(ResumingHost.QUICK)
                .build();
        return new ResumingHost(
                model,
                compactor,
                List.of(effects.tool("echo", Access.WRITES, 3_000), effects.tool("ping", Access.READS, 0)),
                () -> new FileStore(logs));
    }

    /** What a case is played with: once by the test's own compactor, once by the library's cheapest. */
    private record Play(CaseFile file, Compactor compactor) {
        String title() {
            return file.name() + " with " + compactor.name();
        }
    }

    @TestFactory
    Stream<DynamicTest> cases_resumedAndCompacted_giveEachCallOneEffectAndOneOutput() throws IOException {
        List<Play> plays = new ArrayList<>();
        List<CaseFile> cases = CaseFile.matching("s01.*|q03-.*|q05-.*|q06-.*|q07-.*");
        assertThat(cases).as("cases of call ids").hasSizeGreaterThanOrEqualTo(10);
        for (CaseFile file : cases) {
            plays.add(new Play(file, new NewestMessageCompactor()));
            plays.add(new Play(file, Compactor.withoutOldOutputs()));
        }
        return plays.stream().map(play -> DynamicTest.dynamicTest(play.title(), () -> named(play)));
    }

    // Reports give dynamic tests no more than a number.
    private void named(Play play) {
        try {
            play(play);
        } catch (AssertionError | Exception e) {
            throw new AssertionError(play.title() + ": " + e.getMessage(), e);
        }
    }

    private void play(Play play) throws Exception {
        CaseFile file = play.file();
        Path logs = folder.resolve(play.title().replaceAll("[^a-z0-9]+", "-"));
        int before = effects.all().size();
        try (CaseServer server = new CaseServer(file);
                ResumingHost host = host(server, play.compactor(), logs)) {
            round(file, server, host);
            host.resume();
            round(file, server, host);
            compact(play, host);
            host.reopen();
            round(file, server, host);
            compact(play, host);
            host.resume();
            round(file, server, host);

            assertThat(effects.all().size() - before)
                    .as("effects, and calls that the server sent")
                    .isEqualTo(server.calls());
            assertThat(effects.repeated()).isEmpty();
            assertThat(ResumingHost.bytes(host.promptOfAnother())).isEqualTo(ResumingHost.bytes(host.prompt()));
        }
    }

    private static void compact(Play play, ResumingHost host) throws InterruptedException {
        boolean compacted = host.compact().isPresent();
        // The library's own leaves out what is long and old, and some cases have none of that.
        assertThat(compacted || !(play.compactor() instanceof NewestMessageCompactor))
                .as("compacted")
                .isTrue();
        assertPaired(host);
    }

    /** All that the user says in the case, from the server's first response on. */
    private static void round(CaseFile file, CaseServer server, ResumingHost host) throws Exception {
        int answered = server.answered();
        server.rewind();
        for (String input : file.inputs()) {
            Outcome outcome = host.run(file.limits(), Item.user(input));
            if (file.limits().steps() > 0) {
                assertThat(outcome)
                        .isInstanceOfSatisfying(
                                Outcome.LimitReached.class,
                                reached -> assertThat(reached.limit()).isEqualTo(Limits.Kind.STEPS));
            } else {
                assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            }
            assertPaired(host);
        }
        assertThat(server.answered() - answered).as("paid requests").isEqualTo(file.requests());
        assertThat(server.violations()).isEmpty();
        assertThat(server.refusals()).isEmpty();
        assertThat(server.failures()).isEmpty();
    }

    private static void assertPaired(ResumingHost host) {
        JsonNode input = input(host);
        assertThat(RequestRules.pairing(input)).isEmpty();
        assertThat(RequestRules.form(input)).isEmpty();
        assertThat(RequestRules.ids(input)).isEmpty();
    }

    private static JsonNode input(ResumingHost host) {
        return Recording.tree("["
                + String.join(
                        ",", host.prompt().items().stream().map(Item::json).toList()) + "]");
    }

    private CaseServer inline(String... responses) throws IOException {
        return new CaseServer(CaseFile.of(
                "{\"strict\":true,\"inputs\":[\"go\"],\"responses\":[" + String.join(",", responses) + "]}"));
    }

    @Test
    void equalCalls_beforeAndAfterACompaction_haveTwoEffectsUnderTwoKeys() throws Exception {
        try (CaseServer server = inline(ECHO, DONE, ECHO, DONE);
                ResumingHost host = host(server, new NewestMessageCompactor(), folder)) {
            host.run(Limits.NONE, Item.user("go"));
            host.run(Limits.NONE, Item.user("and on"));
            assertThat(host.compact()).isPresent();
            server.rewind();
            host.resume();
            assertThat(host.run(Limits.NONE, Item.user("again"))).isInstanceOf(Outcome.Finished.class);

            assertThat(effects.all()).hasSize(3);
            assertThat(effects.all()).extracting(Effect::what).containsOnly("echo {\"x\":\"1\"}");
            assertThat(effects.repeated()).isEmpty();
            assertThat(effects.all()).allMatch(effect -> effect.key().contains(host.id()));
            // The compaction took the calls of before out of the prompt, so the server's own id is free again.
            assertThat(effects.all()).extracting(Effect::callId).first().isEqualTo("SAME1");
            assertThat(effects.all()).extracting(Effect::callId).last().isEqualTo("SAME1");
            assertThat(server.refusals()).isEmpty();
        }
    }

    @Test
    void idsThatAreNone_becomeTheVersionOfTheirEntry() throws Exception {
        String longer = "c".repeat(70);
        List<String> sent = List.of(
                ECHO,
                ECHO,
                ECHO.replace("\"call_id\":\"SAME1\",", ""),
                ECHO.replace("\"SAME1\"", "null"),
                ECHO.replace("SAME1", ""),
                ECHO.replace("SAME1", longer),
                ECHO.replace("SAME1", longer),
                DONE);
        List<String> starts = List.of("SAME1", "SAME1~", "~", "~", "~", "ccccc", "ccccc");
        try (CaseServer server = inline(sent.toArray(String[]::new));
                ResumingHost host = host(server, Compactor.NEVER, folder)) {
            assertThat(host.run(Limits.NONE, Item.user("go"))).isInstanceOf(Outcome.Finished.class);

            List<Effect> done = effects.all();
            assertThat(done).hasSameSizeAs(starts);
            List<Long> versions = versionsOfCalls(host);
            for (int i = 0; i < starts.size(); i++) {
                assertThat(done.get(i).callId()).startsWith(starts.get(i)).matches(RequestRules.LEGAL_ID);
                assertThat(done.get(i).callId()).endsWith(i == 0 ? "SAME1" : "~" + versions.get(i));
            }
            assertThat(server.refusals()).isEmpty();
        }
    }

    @Test
    void idThatLooksLikeOneOfTheLog_isGivenToNoOtherCall() throws Exception {
        long version = versionOfThirdCall("SAME0~1");
        int before = effects.all().size();

        assertThat(versionOfThirdCall("SAME1~" + version)).isEqualTo(version);

        List<Effect> done = effects.all().subList(before, effects.all().size());
        assertThat(done).hasSize(3);
        assertThat(done).extracting(Effect::callId).doesNotHaveDuplicates();
    }

    /** Has three calls made: one with this id, and two with one other id. */
    private long versionOfThirdCall(String firstId) throws Exception {
        try (CaseServer server = inline(ECHO.replace("SAME1", firstId), ECHO, ECHO, DONE);
                ResumingHost host = host(server, Compactor.NEVER, folder)) {
            assertThat(host.run(Limits.NONE, Item.user("go"))).isInstanceOf(Outcome.Finished.class);
            assertPaired(host);
            assertThat(server.refusals()).isEmpty();
            assertThat(versionsOfCalls(host)).as("versions of calls").hasSize(3);
            return versionsOfCalls(host).get(2);
        }
    }

    private static List<Long> versionsOfCalls(ResumingHost host) {
        return host.store().read(host.id(), 0, 1_000).stream()
                .filter(entry -> entry.kind().equals("item.model"))
                .filter(entry ->
                        RequestRules.isCall(Recording.tree(new String(entry.content(), StandardCharsets.UTF_8))))
                .map(entry -> entry.version())
                .toList();
    }

    @Test
    void argumentsThatAreNoText_becomeTheTextOfAnObject() throws Exception {
        String text = "\"{\\\"x\\\":\\\"1\\\"}\"";
        List<String> sent = List.of(
                ECHO.replace(text, "\"\""),
                ECHO.replace(",\"arguments\":" + text, ""),
                ECHO.replace(text, "{\"x\":\"1\",\"y\":[2]}"),
                DONE);
        try (CaseServer server = inline(sent.toArray(String[]::new));
                ResumingHost host = host(server, Compactor.NEVER, folder)) {
            assertThat(host.run(Limits.NONE, Item.user("go"))).isInstanceOf(Outcome.Finished.class);

            assertThat(effects.all())
                    .extracting(Effect::arguments)
                    .containsExactly("{}", "{}", "{\"x\":\"1\",\"y\":[2]}");
            assertThat(server.refusals()).isEmpty();
        }
    }
}
