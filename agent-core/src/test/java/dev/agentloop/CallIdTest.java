package dev.agentloop;

import static dev.agentloop.Script.breaksAfter;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the ids that servers give to calls: each call has one that joins it to its output, and a name in the log. */
class CallIdTest extends LoopFixture {
    private final List<String> keys = new ArrayList<>();
    private final TestTool effect = TestTool.writes("effect", (call, context) -> {
        keys.add(context.idempotencyKey());
        return ToolOutput.text("done " + call.arguments());
    });

    private static Item call(String id, int argument) {
        return Item.functionCall(id, "effect", "{\"n\":" + argument + "}");
    }

    private static Item raw(String fields) {
        return Item.of(("{\"type\":\"function_call\"," + fields + "}").getBytes(UTF_8));
    }

    /** The calls and outputs of a prompt, each by its id. */
    private static List<String> ids(Prompt prompt) {
        List<String> ids = new ArrayList<>();
        for (Item item : prompt.items()) {
            if (item instanceof Item.Call call) {
                ids.add("call " + call.callId());
            } else if (item instanceof Item.Output output) {
                ids.add("output " + output.callId());
            }
        }
        return ids;
    }

    private List<LogEntry> entries(Conversation conversation, String kind) {
        return store.stream(conversation.id(), 0)
                .filter(entry -> entry.kind().equals(kind))
                .toList();
    }

    @Test
    void idThatComesAgain_inAResponse_aLaterOneAndALaterTurn_isReplacedOnBothSides() {
        Script script = new Script(
                calls(call("call_0", 1), call("call_0", 1)),
                calls(call("call_0", 1)),
                says("one"),
                calls(call("call_0", 2)),
                says("two"));
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(run(conversation, "x").text()).isEqualTo("one");
            assertThat(run(agent.resume(conversation.id()), "y").text()).isEqualTo("two");
            List<String> ids = ids(conversation.prompt());
            List<Long> versions = entries(conversation, "item.model").stream()
                    .filter(entry -> new String(entry.content(), UTF_8).contains("function_call"))
                    .map(LogEntry::version)
                    .toList();
            assertThat(ids)
                    .containsExactly(
                            "call call_0",
                            "call call_0~" + versions.get(1),
                            "output call_0",
                            "output call_0~" + versions.get(1),
                            "call call_0~" + versions.get(2),
                            "output call_0~" + versions.get(2),
                            "call call_0~" + versions.get(3),
                            "output call_0~" + versions.get(3));
            assertThat(keys)
                    .containsExactlyElementsOf(versions.stream()
                            .map(version -> conversation.id() + "/" + version)
                            .toList());
            assertThat(entries(conversation, "call.renamed"))
                    .hasSize(3)
                    .allMatch(entry -> new String(entry.content(), UTF_8).startsWith("{\"from\":\"call_0\","));
            assertThat(events(AgentEvent.DuplicateCall.class)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"name\":\"effect\",\"arguments\":\"{}\"",
                "\"call_id\":null,\"name\":\"effect\",\"arguments\":\"{}\"",
                "\"call_id\":\"\",\"name\":\"effect\",\"arguments\":\"{}\"",
                "\"call_id\":7,\"name\":\"effect\",\"arguments\":\"{}\"",
                "\"call_id\":{\"a\":1},\"name\":\"effect\",\"arguments\":\"{}\"",
                "\"call_id\":\"a b\\u0000é\",\"name\":\"effect\",\"arguments\":\"{}\"",
                "\"call_id\":\"x\",\"call_id\":\"\",\"name\":\"effect\",\"arguments\":\"{}\"",
                "\"call_id\":\"ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc\",\"name\":\"effect\",\"arguments\":\"{}\""
            })
    void idThatTheWireCannotCarry_isReplaced(String fields) {
        Script script = new Script(calls(raw(fields)), says("done"));
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(run(conversation, "x").text()).isEqualTo("done");
            long version = entries(conversation, "item.model").get(0).version();
            Item.Call kept = (Item.Call) conversation.prompt().item(1);
            assertThat(kept.callId())
                    .endsWith("~" + version)
                    .hasSizeBetween(2, 64)
                    .matches("[!-~]+");
            assertThat(kept.json().split("\"call_id\"", -1))
                    .as("the field is there once")
                    .hasSize(2);
            assertThat(((Item.Output) conversation.prompt().item(2)).callId()).isEqualTo(kept.callId());
            assertThat(agent.resume(conversation.id()).prompt().items())
                    .isEqualTo(conversation.prompt().items());
        }
    }

    @Test
    void idThatLooksLikeAReplacedOne_isNotTakenTwice() {
        Script script = new Script(calls(call("a", 1)), calls(call("a~12", 2)), calls(call("a", 3)), says("done"));
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            List<String> ids = ids(conversation.prompt());
            assertThat(ids).hasSize(6).doesNotHaveDuplicates();
            assertThat(keys).hasSize(3).doesNotHaveDuplicates();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\"arguments\":\"\"", "\"arguments\":null", "\"status\":\"completed\"", "\"arguments\":\"  \""})
    void emptyArguments_becomeAnEmptyObject(String arguments) {
        Script script = new Script(calls(raw("\"call_id\":\"c\",\"name\":\"effect\"," + arguments)), says("done"));
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThat(((Item.Call) conversation.prompt().item(1)).arguments()).isEqualTo("{}");
            assertThat(((Item.Output) conversation.prompt().item(2)).text()).isEqualTo("done {}");
        }
    }

    @Test
    void argumentsThatAreAnObject_becomeItsText() {
        Script script = new Script(
                calls(raw("\"call_id\":\"c\",\"arguments\":{ \"n\" : [1, \"é\"]},\"name\":\"effect\"")), says("done"));
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThat(conversation.prompt().item(1).json())
                    .isEqualTo("{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"effect\","
                            + "\"arguments\":\"{ \\\"n\\\" : [1, \\\"é\\\"]}\"}");
        }
    }

    @Test
    void equalCalls_beforeAndAfterACompaction_areTwoEffectsUnderTwoKeys() throws InterruptedException {
        Script script =
                new Script(calls(call("call_0", 1)), says("long ".repeat(400)), calls(call("call_0", 1)), says("two"));
        try (AgentLoop agent =
                agent(script, effect).compactor(new Shortening(() -> true)).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            run(conversation, "y");
            assertThat(ids(conversation.prompt()))
                    .as("the id is free again")
                    .containsExactly("call call_0", "output call_0");
            assertThat(keys).hasSize(2).doesNotHaveDuplicates();
        }
    }

    @Test
    void idOfTwoCalls_afterACompactionIsUndone_namesTheWholeOutputOfTheFirst() throws InterruptedException {
        AtomicInteger lines = new AtomicInteger(9_000);
        TestTool big = TestTool.reads(
                "big",
                (call, context) -> ToolOutput.text(
                        call.callId().equals("look")
                                ? context.fullOutput("1").map(String::length) + " "
                                        + context.fullOutput("1~2").map(String::length)
                                : "12345678\n".repeat(lines.addAndGet(1_000))));
        Script script = new Script(
                calls(Script.call("1", "big")),
                says("long ".repeat(400)),
                calls(Script.call("1", "big")),
                says("two"),
                calls(Script.call("look", "big")),
                says("done"));
        try (AgentLoop agent =
                agent(script, big).compactor(new Shortening(() -> true)).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            run(conversation, "y");
            conversation.undoCompaction();
            run(conversation, "z");
            assertThat(script.inputs(5)).contains("output:look:Optional[90000] Optional[99000]");
        }
    }

    @Test
    void forkRightAfterARenaming_doesNotGiveTheIdToTheNextCall() {
        Script script = new Script(
                calls(call("call_0", 1)),
                calls(call("call_0", 2)),
                says("one"),
                breaksAfter(call("new", 3)),
                calls(call("call_0", 3)),
                says("two"));
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            long renamed = store.read(conversation.id(), 0, 1_000).stream()
                    .filter(entry -> entry.kind().equals("call.renamed"))
                    .findFirst()
                    .orElseThrow()
                    .version();
            Conversation fork = agent.fork(conversation.id(), renamed);
            run(fork, "y");
            assertThat(events(AgentEvent.DuplicateCall.class))
                    .as("the call that broke came as new, and this one is another")
                    .isEmpty();
            assertThat(keys).hasSize(4).doesNotHaveDuplicates();
        }
    }

    @Test
    void replay_isRecognised_afterARenaming_andAcrossACrash() {
        Script script = new Script(
                calls(call("call_0", 1)),
                breaksAfter(call("call_0", 2)),
                breaksAfter(call("call_0", 2)),
                calls(call("call_0", 2), call("call_0", 2)),
                says("done"));
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(run(conversation, "x").text()).isEqualTo("done");
            // Twice again after a break, each recognised once; the second of the last response is another call.
            assertThat(events(AgentEvent.DuplicateCall.class)).hasSize(2);
            assertThat(keys).hasSize(3).doesNotHaveDuplicates();
            assertThat(ids(conversation.prompt())).hasSize(6).doesNotHaveDuplicates();
        }
    }

    @Test
    void decision_isAboutOneCall_andNotAboutALaterOneOfTheSameId() throws InterruptedException {
        Script script = new Script(
                calls(call("call_0", 1)), says("long ".repeat(400)), calls(call("call_0", 1)), says("never"));
        try (AgentLoop agent = agent(script, effect)
                .approval((call, access) -> ApprovalPolicy.Decision.ask("may it?"))
                .compactor(new Shortening(() -> true))
                .build()) {
            Conversation conversation = agent.newConversation();
            Outcome.Pending first = ((Outcome.AwaitingApproval) run(conversation, "x"))
                    .pending()
                    .get(0);
            conversation.approve(first);
            assertThatThrownBy(() -> conversation.deny(first, "too late"))
                    .hasMessage("call call_0 of conversation " + conversation.id()
                            + " was decided already, and the first decision holds; run the conversation to go on");
            conversation.run(RunOptions.DEFAULT);
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            Outcome.Pending second = ((Outcome.AwaitingApproval) run(conversation, "y"))
                    .pending()
                    .get(0);
            assertThat(second.callId()).isEqualTo("call_0");
            assertThat(second.call()).isNotEqualTo(first.call());
            assertThatThrownBy(() -> conversation.approve(first))
                    .hasMessageStartingWith("no call call_0 of conversation " + conversation.id() + " awaits approval");
            assertThat(keys).hasSize(1);
        }
    }

    @Test
    void serverThatRepeatsACallForEver_isNotPaidForEver() {
        Script script = new Script(
                breaksAfter(call("c", 1)),
                breaksAfter(call("c", 1)),
                calls(call("c", 1)),
                calls(),
                calls(),
                calls(call("never", 1)));
        try (AgentLoop agent = agent(script, effect).build()) {
            Outcome outcome = run(agent.newConversation(), "x");
            assertThat(outcome).isInstanceOf(Outcome.Stopped.class);
            assertThat(((Outcome.Stopped) outcome).reason()).isEqualTo(Outcome.Reason.EMPTY_ANSWER);
        }
        assertThat(script.prompts).hasSize(5);
        assertThat(keys).hasSize(1);
    }

    @Test
    void responsesThatAddNothing_andWantAnother_areAskedForAgainTwice() {
        Script.Line wantsMore = (prompt, listener) -> new ModelResponse("r", List.of(), Usage.NONE, null, false);
        Script script = new Script(wantsMore, wantsMore, wantsMore, wantsMore);
        try (AgentLoop agent = agent(script, effect).build()) {
            assertThat(run(agent.newConversation(), "x").describe())
                    .isEqualTo("stopped: the model answered with nothing new 3 times");
        }
        assertThat(script.prompts).hasSize(3);
    }

    @Test
    void ownLoop_getsItsCallsUnderTheIdsOfTheLog() {
        Script script = new Script();
        try (AgentLoop agent = agent(script, effect).build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("x")));
            for (int i = 0; i < 2; i++) {
                ModelResponse response = ModelResponse.of(List.of(call("call_0", 1), call("", 2)), Usage.NONE);
                for (ToolCall call : conversation.append(response)) {
                    conversation.append(List.of(conversation.call(call).item(call)));
                }
            }
            assertThat(keys).hasSize(4).doesNotHaveDuplicates();
            assertThat(ids(conversation.prompt())).hasSize(8).doesNotHaveDuplicates();
            assertThat(conversation.prompt().items().stream().filter(Item.Output.class::isInstance))
                    .hasSize(4);
        }
    }

    @Test
    void historyThatTheHostAppends_keepsItsPairs() {
        try (AgentLoop agent = agent(new Script(), effect).build()) {
            Conversation conversation = agent.newConversation();
            Item.Call call = (Item.Call) call("call_0", 1);
            Item output = ToolOutput.text("so").item(ToolCall.of(call));
            conversation.append(List.of(Item.user("x"), call, output));
            conversation.append(List.of(call, output));
            List<String> ids = ids(conversation.prompt());
            assertThat(ids).hasSize(4).doesNotHaveDuplicates();
            assertThat(ids.get(3)).isEqualTo(ids.get(2).replace("call ", "output "));
        }
    }
}
