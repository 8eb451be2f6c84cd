package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.agentloop.internal.call.Call;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.InboxMessage;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What others leave for the owner of a turn: decisions, input, cancellation. */
@Timeout(60)
class InboxTest extends LoopFixture {
    private final AtomicInteger effects = new AtomicInteger();
    private final Tool writing = TestTool.writes("write", (call, context) -> {
        effects.incrementAndGet();
        return ToolOutput.text("written");
    });

    private AgentLoop.Builder asking(Script script) {
        return agent(script, writing).approval((call, access) -> ApprovalPolicy.Decision.ask("it writes"));
    }

    @Test
    void decision_ofAnotherLoop_isFoldedInByTheNextRun() {
        Script script = new Script(calls(call("1", "write")), says("done"));
        String id;
        try (AgentLoop first = asking(script).build()) {
            Conversation conversation = first.newConversation();
            id = conversation.id();
            assertThat(run(conversation, "x")).isInstanceOf(Outcome.AwaitingApproval.class);
        }
        try (AgentLoop deciding = asking(script).build()) {
            assertThat(deciding.resume(id).awaitingApproval())
                    .containsExactly(new Outcome.Pending("1", callOf(id), "write", "{}", "it writes", null, "", ""));
            deciding.resume(id).approve("1");
            assertThat(deciding.resume(id).version()).as("nothing is appended").isEqualTo(headOf(id));
            assertThat(effects).hasValue(0);
        }
        try (AgentLoop last = asking(script).build()) {
            assertThat(last.resume(id).run(RunOptions.DEFAULT).text()).isEqualTo("done");
        }
        assertThat(effects).hasValue(1);
        assertThat(store.inbox(id)).isEmpty();
    }

    /** The version of the entry of a conversation's only call. */
    private long callOf(String id) {
        return store.stream(id, 0)
                .filter(entry -> entry.kind().equals("item.model"))
                .findFirst()
                .orElseThrow()
                .version();
    }

    private long headOf(String id) {
        return store.head(id).orElseThrow().version();
    }

    @Test
    void decision_afterTheFirst_isRefusedAndChangesNothing() {
        Script script = new Script(calls(call("1", "write")), says("done"));
        try (AgentLoop agent = asking(script).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            conversation.deny("1", "not today");
            assertThatIllegalStateException()
                    .isThrownBy(() -> agent.resume(conversation.id()).approve("1"))
                    .withMessage("call 1 of conversation " + conversation.id()
                            + " was decided already, and the first decision holds; run the conversation to go on");
            conversation.run(RunOptions.DEFAULT);
        }
        assertThat(effects).hasValue(0);
        assertThat(script.inputs(1)).contains("output:1:refused by the user: not today");
    }

    @Test
    void decision_aboutOtherArguments_decidesNothing() {
        Script script = new Script(calls(call("1", "write")));
        try (AgentLoop agent = asking(script).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            String other = Call.hash(ToolCall.function("1", "write", "{\"path\":\"/\"}"));
            store.leave(
                    conversation.id(),
                    InboxMessage.of(
                            "approval.decided:" + callOf(conversation.id()),
                            "approval.decided",
                            ("{\"approved\":true,\"reason\":\"\",\"hash\":\"" + other + "\"}").getBytes(UTF_8)));
            assertThat(conversation.awaitingApproval()).hasSize(1);
            assertThat(conversation.run(RunOptions.DEFAULT)).isInstanceOf(Outcome.AwaitingApproval.class);
            assertThat(effects).hasValue(0);
        }
    }

    @Test
    void decision_ofAnotherKind_decidesNothing() {
        Script script = new Script(calls(call("1", "write")), says("done"));
        try (AgentLoop agent = asking(script).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            InboxMessage decision = decision(conversation.id());
            store.leave(conversation.id(), InboxMessage.of(decision.id(), "note", decision.payload()));
            assertThat(conversation.run(RunOptions.DEFAULT)).isInstanceOf(Outcome.AwaitingApproval.class);
            assertThat(effects).hasValue(0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"approved\":true,\"hash\":\"of another call\"}", "no JSON", "[]"})
    void messageThatDecidesNothing_doesNotStandInTheWayOfADecision(String payload) {
        Script script = new Script(calls(call("1", "write")), says("done"));
        try (AgentLoop agent = asking(script).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            store.leave(
                    conversation.id(),
                    InboxMessage.of(
                            "approval.decided:" + callOf(conversation.id()),
                            "approval.decided",
                            payload.getBytes(UTF_8)));
            store.leave(conversation.id(), InboxMessage.of("odd", "input", payload.getBytes(UTF_8)));
            conversation.approve("1");
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            assertThat(conversation.awaitingApproval()).isEmpty();
        }
        assertThat(effects).hasValue(1);
    }

    @Test
    void question_thatNobodyAnsweredInTime_countsAsRefused() {
        Instant asked = Instant.now().truncatedTo(ChronoUnit.MILLIS).minus(Duration.ofHours(2));
        Script script = new Script(calls(call("1", "write")), says("done"));
        String id;
        try (AgentLoop agent = asking(script)
                .clock(Clock.fixed(asked, ZoneOffset.UTC))
                .approvalsExpireAfter(Duration.ofHours(1))
                .build()) {
            Conversation conversation = agent.newConversation();
            id = conversation.id();
            run(conversation, "x");
            assertThat(conversation.awaitingApproval().get(0).expires()).isEqualTo(asked.plusSeconds(3600));
            assertThat(conversation.run(RunOptions.DEFAULT)).isInstanceOf(Outcome.AwaitingApproval.class);
        }
        // A decision that the store dates behind the expiry is none.
        store.leave(id, decision(id));
        try (AgentLoop agent = asking(script)
                .clock(Clock.fixed(asked.plusSeconds(3601), ZoneOffset.UTC))
                .build()) {
            agent.resume(id).run(RunOptions.DEFAULT);
        }
        assertThat(effects).hasValue(0);
        assertThat(script.inputs(1))
                .contains("output:1:refused by the user: nobody decided about it until " + asked.plusSeconds(3600)
                        + ", when the question expired");
    }

    private InboxMessage decision(String id) {
        String hash = Call.hash(ToolCall.function("1", "write", "{}"));
        return InboxMessage.of(
                "approval.decided:" + callOf(id),
                "approval.decided",
                ("{\"approved\":true,\"reason\":\"\",\"hash\":\"" + hash + "\"}").getBytes(UTF_8));
    }

    @Test
    void newInput_isAcceptedOnceTheCallIsDecided() {
        Script script = new Script(calls(call("1", "write")), says("done"));
        try (AgentLoop agent = asking(script).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThatIllegalStateException()
                    .isThrownBy(() -> conversation.run("y"))
                    .withMessageContaining("awaits approval of 1");
            conversation.deny("1", "");
            assertThat(conversation.run("y").text()).isEqualTo("done");
        }
        assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:refused by the user", "user:y");
    }

    private static InboxMessage input(String id, String text) {
        return InboxMessage.of(id, "input", ("{\"items\":[" + Item.user(text).json() + "]}").getBytes(UTF_8));
    }

    @Test
    void input_leftWhileAToolRuns_isSeenWithTheNextInference() {
        Script script = new Script(calls(call("1", "leave")), says("done"));
        Tool leaving = TestTool.reads("leave", (call, context) -> {
            store.leave(context.conversation(), input("later", "and this"));
            return ToolOutput.text("left");
        });
        try (AgentLoop agent = agent(script, leaving).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(run(conversation, "x").text()).isEqualTo("done");
            assertThat(store.inbox(conversation.id())).isEmpty();
        }
        assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:left", "user:and this");
    }

    @Test
    void input_leftWhileTheModelAnswers_isSeenBeforeTheAnswerIsFinal() {
        String[] id = new String[1];
        Script script = new Script(
                (prompt, listener) -> {
                    store.leave(id[0], input("later", "and this"));
                    return says("too early").answer(prompt, listener);
                },
                says("done"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            id[0] = conversation.id();
            assertThat(run(conversation, "x").text()).isEqualTo("done");
            assertThat(store.inbox(conversation.id())).isEmpty();
        }
        assertThat(script.inputs(1)).containsExactly("user:x", "assistant:too early", "user:and this");
    }

    @Test
    void input_whoseRemovalWasLost_isNotFoldedInTwice() {
        boolean[] lost = {true};
        ConversationStore losing = new ForwardingStore(store) {
            @Override
            public void removeMessages(String conversation, Collection<String> ids) {
                if (!lost[0]) {
                    super.removeMessages(conversation, ids);
                }
            }
        };
        Script script = new Script(says("1"), says("2"), says("3"));
        try (AgentLoop agent = agent(script).store(losing).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            store.leave(conversation.id(), input("once", "once"));
            run(conversation, "y");
            assertThat(store.inbox(conversation.id())).hasSize(1);
            lost[0] = false;
            run(conversation, "z");
            assertThat(store.inbox(conversation.id())).isEmpty();
        }
        assertThat(script.inputs(2)).containsOnlyOnce("user:once");
    }

    @Test
    void cancellation_leftWhileAToolRuns_endsTheRun() {
        CountDownLatch running = new CountDownLatch(1);
        Tool waiting = TestTool.writes("wait", (call, context) -> {
            running.countDown();
            store.leave(context.conversation(), InboxMessage.of("stop", "cancel", "{}".getBytes(UTF_8)));
            new CountDownLatch(1).await();
            throw new AssertionError("never");
        });
        Script script = new Script(calls(call("1", "wait")), says("on"));
        try (AgentLoop agent = agent(script, waiting).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(run(conversation, "x")).isInstanceOf(Outcome.Cancelled.class);
            assertThat(store.inbox(conversation.id())).isEmpty();
            assertThat(run(conversation, "y").text()).isEqualTo("on");
        }
    }

    @Test
    void busyConversation_isRefused_waitedFor_orSteered_asTheOptionsSay() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Tool waiting = TestTool.reads("wait", (call, context) -> {
            running.countDown();
            go.await();
            return ToolOutput.text("went");
        });
        Script script = new Script(calls(call("1", "wait")), says("first"), says("second"));
        try (AgentLoop agent = agent(script, waiting).build()) {
            Conversation conversation = agent.newConversation();
            Thread first = new Thread(() -> run(conversation, "x"));
            first.start();
            running.await();
            Conversation other = agent.resume(conversation.id());
            assertThatIllegalStateException()
                    .isThrownBy(() -> other.run("y"))
                    .isInstanceOf(BusyException.class)
                    .withMessageContaining("is being run or appended to on another thread");
            RunOptions steering = RunOptions.DEFAULT.withWhenBusy(RunOptions.WhenBusy.STEER);
            assertThat(other.run("by the way", steering)).isInstanceOf(Outcome.HandedOver.class);
            Outcome[] queued = new Outcome[1];
            Thread second = new Thread(
                    () -> queued[0] = other.run("z", RunOptions.DEFAULT.withWhenBusy(RunOptions.WhenBusy.QUEUE)));
            second.start();
            go.countDown();
            first.join();
            second.join();
            assertThat(queued[0].text()).isEqualTo("second");
        }
        assertThat(script.inputs(2))
                .containsExactly("user:x", "call:1", "output:1:went", "user:by the way", "assistant:first", "user:z");
    }

    @Test
    void toolContext_hasAKeyOfTheCall_andATokenThatGrows() {
        long[] tokens = new long[2];
        String[] keys = new String[2];
        Tool noting = TestTool.reads("note", (call, context) -> {
            int index = call.callId().equals("1") ? 0 : 1;
            tokens[index] = context.fencingToken();
            keys[index] = context.idempotencyKey();
            return ToolOutput.text("noted");
        });
        Script script = new Script(calls(call("1", "note")), says("a"), calls(call("2", "note")), says("b"));
        try (AgentLoop agent = agent(script, noting).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            run(conversation, "y");
            List<String> calls = store.stream(conversation.id(), 0)
                    .filter(entry -> entry.kind().equals("item.model")
                            && new String(entry.content(), UTF_8).contains("function_call"))
                    .map(entry -> conversation.id() + "/" + entry.version())
                    .toList();
            assertThat(keys).containsExactlyElementsOf(calls).doesNotHaveDuplicates();
            assertThat(List.of(tokens[0], tokens[1])).doesNotContain(0L).isSorted();
        }
    }
}
