package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A call that a loop of the host's own runs is judged, noted and settled as the library's loop does. */
class OwnCallTest extends LoopFixture {
    private final AtomicInteger effects = new AtomicInteger();
    private final TestTool effect = TestTool.writes("effect", (call, context) -> {
        effects.incrementAndGet();
        return ToolOutput.text("done");
    });

    /** A conversation with one call that awaits its output. */
    private static Conversation called(AgentLoop agent, String tool) {
        Conversation conversation = agent.newConversation();
        conversation.append(List.of(Item.user("x")));
        conversation.append(ModelResponse.of(List.of(Script.call("1", tool)), Usage.NONE));
        return conversation;
    }

    private static String output(Conversation conversation, String tool) {
        return conversation.call(ToolCall.function("1", tool, "{}")).text();
    }

    private List<String> kinds(Conversation conversation) {
        return store.stream(conversation.id(), 0).map(LogEntry::kind).toList();
    }

    @Test
    void start_isInTheLog_beforeTheToolIsCalled() {
        List<String> seen = new ArrayList<>();
        Conversation[] conversation = new Conversation[1];
        TestTool looking = TestTool.writes("looking", (call, context) -> {
            seen.addAll(kinds(conversation[0]));
            return ToolOutput.text(context.idempotencyKey());
        });
        try (AgentLoop agent = agent(new Script(), looking).build()) {
            conversation[0] = called(agent, "looking");
            assertThat(output(conversation[0], "looking")).startsWith(conversation[0].id() + "/");
            assertThat(seen).endsWith("tool.started");
        }
    }

    @Test
    void policy_isAsked_andTheApprover() {
        String[] answers = new String[3];
        ApprovalPolicy asks = (call, access) -> ApprovalPolicy.Decision.ask("may it?");
        List<AgentLoop.Builder> builders = List.of(
                agent(new Script(), effect).approval((call, access) -> ApprovalPolicy.Decision.deny("never")),
                agent(new Script(), effect).approval(asks),
                agent(new Script(), effect)
                        .approval(asks)
                        .approver(question -> Approver.Answer.deny(question.callId() + " " + question.question())));
        for (int i = 0; i < answers.length; i++) {
            try (AgentLoop agent = builders.get(i).build()) {
                Conversation conversation = called(agent, "effect");
                answers[i] = output(conversation, "effect");
                assertThat(conversation.awaitingApproval()).isEmpty();
                assertThat(kinds(conversation)).doesNotContain("tool.started");
            }
        }
        assertThat(effects).hasValue(0);
        assertThat(answers)
                .containsExactly(
                        "refused: never",
                        "refused: this call needs approval, and nobody is there to give it: may it?",
                        "refused by the user: 1 may it?");
        try (AgentLoop agent = agent(new Script(), effect)
                .approval(asks)
                .approver(question -> Approver.Answer.approve())
                .build()) {
            assertThat(output(called(agent, "effect"), "effect")).isEqualTo("done");
        }
    }

    @Test
    void callThatWasStarted_isSettledByItsTool() {
        try (AgentLoop agent = agent(new Script(), effect, ECHO).build()) {
            Conversation conversation = called(agent, "effect");
            output(conversation, "effect");
            assertThat(output(agent.resume(conversation.id()), "effect"))
                    .startsWith("The result of this call is unknown");
            assertThat(effects).as("an effect is not repeated silently").hasValue(1);
            Conversation reading = called(agent, "echo");
            assertThat(output(reading, "echo")).isEqualTo("<1>");
            assertThat(output(agent.resume(reading.id()), "echo")).isEqualTo("<1>");
        }
    }

    @Test
    void failureAndInterrupt_areOutputs() {
        TestTool failing = TestTool.writes("failing", (call, context) -> {
            throw new IllegalStateException("broken pipe");
        });
        TestTool waiting = TestTool.writes("waiting", (call, context) -> {
            new CountDownLatch(1).await();
            return ToolOutput.text("never");
        });
        try (AgentLoop agent = agent(new Script(), failing, waiting).build()) {
            assertThat(output(called(agent, "failing"), "failing"))
                    .isEqualTo("failing failed: java.lang.IllegalStateException: broken pipe");
            Conversation conversation = called(agent, "waiting");
            Thread.currentThread().interrupt();
            assertThat(output(conversation, "waiting")).isEqualTo("interrupted");
            assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();
        }
    }

    @Test
    void callThatIsNone_isRefused() {
        try (AgentLoop agent = agent(new Script(), effect).build()) {
            Conversation conversation = called(agent, "nope");
            assertThat(output(conversation, "nope")).isEqualTo("unsupported call: nope");
            assertThatThrownBy(() -> conversation.call(ToolCall.function("2", "effect", "{}")))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no call 2 of conversation " + conversation.id()
                            + " waits for an output; those that do are [1]");
        }
    }
}
