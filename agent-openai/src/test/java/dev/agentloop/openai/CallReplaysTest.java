package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.call;
import static dev.agentloop.openai.Events.completed;
import static dev.agentloop.openai.Events.delta;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.message;
import static dev.agentloop.openai.Events.reasoning;
import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Events.terminal;
import static dev.agentloop.openai.Replies.cut;
import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.nothing;
import static dev.agentloop.openai.Replies.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentEvent;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.Outcome;
import dev.agentloop.Tool.Access;
import dev.agentloop.openai.RawServer.Reply;
import dev.agentloop.stores.MemoryStore;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Which calls are the same call once more, and which are another: how many effects there are, how many were dropped, how
 * many requests it took, and how the run ended.
 */
class CallReplaysTest {
    private static final String A = call("c1", "{\"x\":1}");
    private static final Reply HELLO = stream(saying("Hello"));
    private static final Reply WHOLE = whole(A);
    private static final Reply BROKEN = cut(CREATED + done(0, A));
    private static final String FINISHED = "Finished";

    private final Effects effects = new Effects();

    record Row(String what, int effects, int dropped, int requests, String end, Reply... replies) {
        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Row> replays() {
        String noId = A.replace("\"call_id\":\"c1\",", "");
        return Stream.of(
                new Row("again after a break", 1, 1, 3, FINISHED, BROKEN, WHOLE, HELLO),
                new Row(
                        "again after a break, with reasoning before it",
                        1,
                        1,
                        3,
                        FINISHED,
                        cut(CREATED + done(0, reasoning("e")) + done(1, A)),
                        stream(CREATED + done(0, reasoning("f")) + done(1, A) + completed(reasoning("f"), A)),
                        HELLO),
                new Row(
                        "without id, again after a break",
                        1,
                        1,
                        3,
                        FINISHED,
                        cut(CREATED + done(0, noId)),
                        whole(noId),
                        HELLO),
                new Row(
                        "again after a break and an error",
                        1,
                        1,
                        4,
                        FINISHED,
                        BROKEN,
                        error(500, "", "no"),
                        WHOLE,
                        HELLO),
                new Row("again after a break and no answer", 1, 1, 4, FINISHED, BROKEN, nothing(), WHOLE, HELLO),
                new Row("again and broken again", 1, 2, 4, FINISHED, BROKEN, BROKEN, WHOLE, HELLO),
                new Row("again, and once more after that", 2, 1, 4, FINISHED, BROKEN, WHOLE, WHOLE, HELLO));
    }

    static Stream<Row> otherCalls() {
        Reply renamed = whole(call("c2", "{\"x\":1}"));
        return Stream.of(
                new Row(
                        "other arguments after a break",
                        2,
                        0,
                        3,
                        FINISHED,
                        BROKEN,
                        whole(call("c1", "{\"x\":2}")),
                        HELLO),
                new Row("another id after a break", 2, 0, 3, FINISHED, BROKEN, renamed, HELLO),
                new Row(
                        "another name after a break",
                        1,
                        0,
                        3,
                        FINISHED,
                        BROKEN,
                        whole(A.replace("look", "leap")),
                        HELLO),
                new Row("again after a whole response", 2, 0, 3, FINISHED, WHOLE, WHOLE, HELLO),
                new Row(
                        "twice in one response",
                        2,
                        0,
                        2,
                        FINISHED,
                        stream(CREATED + done(0, A) + done(1, A) + completed(A, A)),
                        HELLO),
                new Row(
                        "twice in one response, announced for one place",
                        1,
                        0,
                        2,
                        FINISHED,
                        stream(CREATED + done(0, A) + done(0, A) + completed(A)),
                        HELLO));
    }

    private static Reply whole(String call) {
        return stream(CREATED + done(0, call) + completed(call));
    }

    static Stream<Row> responsesThatAddNothing() {
        String empty = CREATED + completed();
        String goesOn = CREATED + terminal("completed", "\"status\":\"completed\",\"end_turn\":false");
        String thought = "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[]}";
        String stopped = "Stopped EMPTY_ANSWER";
        return Stream.of(
                new Row("no items", 0, 0, 3, stopped, stream(empty)),
                new Row("no items, and the turn not ended", 0, 0, 3, stopped, stream(goesOn)),
                new Row(
                        "reasoning that cannot go back",
                        0,
                        0,
                        3,
                        stopped,
                        stream(CREATED + done(0, thought) + completed(thought))),
                new Row("no items, twice", 0, 0, 3, FINISHED, stream(empty), stream(goesOn), HELLO),
                new Row("no items after a call", 1, 0, 4, stopped, WHOLE, stream(goesOn)),
                new Row("no items after a replay", 1, 1, 4, stopped, BROKEN, WHOLE, stream(empty)),
                new Row(
                        "no items after a break without a call",
                        0,
                        0,
                        4,
                        stopped,
                        cut(CREATED + delta("output_text", "He")),
                        stream(empty)));
    }

    private ResumingHost host(RawServer server) {
        OpenAiModel model = OpenAiModel.builder("gpt-5.1-codex")
                .baseUrl(server.baseUrl())
                .retries(ResumingHost.QUICK)
                .build();
        return new ResumingHost(
                model, Compactor.NEVER, List.of(effects.tool("look", Access.WRITES, 0)), MemoryStore::new);
    }

    @ParameterizedTest
    @MethodSource({"replays", "otherCalls", "responsesThatAddNothing"})
    void responses_giveTheEffectsThatTheTableSays(Row row) throws Exception {
        try (RawServer server = RawServer.answering(row.replies());
                ResumingHost host = host(server)) {
            // The limit is for those that would go on for ever.
            Outcome outcome = host.run(Limits.NONE.withSteps(20), Item.user("look around"));

            String end = outcome instanceof Outcome.Stopped stopped
                    ? "Stopped " + stopped.reason()
                    : outcome.getClass().getSimpleName();
            assertThat(effects.all()).as("effects").hasSize(row.effects());
            assertThat(effects.repeated()).isEmpty();
            assertThat(host.events(AgentEvent.DuplicateCall.class))
                    .as("dropped")
                    .hasSize(row.dropped());
            assertThat(server.requests().size()).as("requests").isEqualTo(row.requests());
            assertThat(end).isEqualTo(row.end());
            for (String body : server.bodies()) {
                assertThat(RequestRules.pairing(Recording.tree(body).path("input")))
                        .isEmpty();
            }
            assertThat(server.failures()).isEmpty();
        }
    }

    @Test
    void emptyAnswers_goneOnWith_areNoAnswer() throws Exception {
        Reply empty = stream(CREATED + completed());
        try (RawServer server = RawServer.answering(empty, empty, empty, HELLO);
                ResumingHost host = host(server)) {
            assertThat(host.run(Limits.NONE, Item.user("look around"))).isInstanceOf(Outcome.Stopped.class);
            host.resume();

            assertThat(host.run(Limits.NONE).text()).isEqualTo("Hello");
            assertThat(server.requests()).hasSize(4);
        }
    }

    @Test
    void responseThatAddsNothing_atALimit_isNoAnswer() throws Exception {
        String said = message("I look");
        Reply looks = stream(CREATED + done(0, said) + done(1, A) + completed(said, A));
        try (RawServer server = RawServer.answering(looks, stream(CREATED + completed()), HELLO);
                ResumingHost host = host(server)) {
            assertThat(host.run(Limits.NONE.withSteps(2), Item.user("look around")))
                    .isInstanceOf(Outcome.LimitReached.class);
            host.resume();

            assertThat(host.run(Limits.NONE).text()).isEqualTo("Hello");
            assertThat(server.requests()).hasSize(3);
        }
    }
}
