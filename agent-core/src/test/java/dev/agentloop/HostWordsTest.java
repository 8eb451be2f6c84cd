package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.item;
import static dev.agentloop.Script.reasoning;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a host appends, says or asks for where it is unusual: the next request is one that the API accepts, and nothing is lost. */
class HostWordsTest extends LoopFixture {
    private static final Item SHELL = item("{\"type\":\"local_shell_call\",\"call_id\":\"sh\",\"action\":{}}");
    private static final Item SHELL_OUTPUT =
            item("{\"type\":\"local_shell_call_output\",\"call_id\":\"sh\",\"output\":\"{}\"}");

    private static String types(Prompt prompt) {
        return prompt.items().stream().map(Item::type).collect(Collectors.joining(" "));
    }

    @Test
    void appendedResponse_losesTheCallThatWasCutOff_withItsReasoning() {
        Item cut = item("{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"echo\",\"arguments\":\"{\\\"a\","
                + "\"status\":\"incomplete\"}");
        try (AgentLoop agent = agent(new Script(says("done")), ECHO).build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("x")));
            List<ToolCall> calls =
                    conversation.append(ModelResponse.of(List.of(call("2", "echo"), reasoning("a"), cut), Usage.NONE));
            assertThat(calls).extracting(ToolCall::callId).containsExactly("2");
            conversation.append(List.of(ToolOutput.text("out").item(calls.get(0))));
            assertThat(types(conversation.prompt())).isEqualTo("message function_call function_call_output");
        }
    }

    @Test
    void outputOfACall_mayComeBeforeTheHostsOwnAnswer() {
        try (AgentLoop agent = agent(new Script(says("done")), ECHO).build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("x")));
            ToolCall call = conversation
                    .append(ModelResponse.of(List.of(SHELL, call("2", "echo")), Usage.NONE))
                    .get(0);
            conversation.append(List.of(conversation.call(call).item(call)));
            assertThatThrownBy(() -> conversation.append(List.of(Item.user("more"))))
                    .hasMessageContaining("has calls that only you can answer: local_shell_call sh");
            conversation.append(List.of(SHELL_OUTPUT));
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
        }
    }

    @Test
    void compactionThatIsAskedFor_waitsForTheHostsOwnAnswer() throws Exception {
        Script script = new Script(says("hello"), calls(SHELL));
        try (AgentLoop agent =
                agent(script).compactor(Compactor.summary(script)).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            run(conversation, "y");
            assertThatThrownBy(() -> conversation.compact(RunOptions.DEFAULT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("conversation " + conversation.id()
                            + " has calls that only you can answer: local_shell_call sh; append their outputs first,"
                            + " or a compactor's request would be refused");
            assertThat(script.prompts).hasSize(2);
        }
    }

    @Test
    void handle_knowsWhereTheLogStands_afterACompactionThatFailed() throws Exception {
        Script script = new Script(says("hello"), says("hello again"), Script.fails(ModelException.Kind.QUOTA));
        try (AgentLoop agent =
                agent(script).compactor(Compactor.summary(script)).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            run(conversation, "y");
            assertThatThrownBy(() -> conversation.compact(RunOptions.DEFAULT))
                    .hasMessageContaining("the prompt was not shortened, and nothing was changed");
            assertThat(conversation.version())
                    .isEqualTo(store.head(conversation.id()).orElseThrow().version());
        }
    }

    @Test
    void serversCompaction_doesNotPartTheHostsAnswerFromItsCall() {
        Item compaction = item("{\"type\":\"compaction\",\"encrypted_content\":\"c\"}");
        Script script = new Script(calls(SHELL, compaction), says("done"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            conversation.append(List.of(SHELL_OUTPUT));
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            assertThat(types(script.prompts.get(1)))
                    .satisfiesAnyOf(
                            types -> assertThat(types).doesNotContain("local_shell_call"),
                            types -> assertThat(types).contains("local_shell_call ", "local_shell_call_output"));
        }
    }

    @Test
    void inputOfARun_isKept_whereItIsEndedInWhatWasLeftOpen() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        Conversation[] conversation = new Conversation[1];
        TestTool endless = TestTool.writes("endless", (call, context) -> {
            conversation[0].cancel();
            never.await();
            throw new AssertionError("never");
        });
        Script script = new Script(calls(call("1", "endless")), says("done"));
        ApprovalPolicy asks = (call, access) -> ApprovalPolicy.Decision.ask("may it?");
        try (AgentLoop agent = agent(script, endless).approval(asks).build()) {
            conversation[0] = agent.newConversation();
            assertThat(run(conversation[0], "x")).isInstanceOf(Outcome.AwaitingApproval.class);
            conversation[0].approve("1");
            assertThat(run(conversation[0], "and this")).isInstanceOf(Outcome.Cancelled.class);
            assertThat(conversation[0].prompt().items()).contains(Item.user("and this"));
            assertThat(conversation[0].run(RunOptions.DEFAULT).text()).isEqualTo("done");
        }
    }
}
