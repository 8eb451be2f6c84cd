package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Calls of the API's own tools: the host answers what the loop cannot, and nothing is paid for before. */
class HostCallsTest extends LoopFixture {
    private static Item item(String json) {
        return Item.of(json.getBytes(UTF_8));
    }

    static Stream<Arguments> hostCalls() {
        return Stream.of(
                Arguments.of(
                        "{\"type\":\"shell_call\",\"call_id\":\"c\",\"action\":{\"commands\":[\"ls\"]}}",
                        "{\"type\":\"shell_call_output\",\"call_id\":\"c\",\"output\":[]}"),
                Arguments.of(
                        "{\"type\":\"local_shell_call\",\"id\":\"ls_1\",\"call_id\":\"c\",\"action\":{\"type\":\"exec\"}}",
                        "{\"type\":\"local_shell_call_output\",\"id\":\"ls_1\",\"output\":\"{}\"}"),
                Arguments.of(
                        "{\"type\":\"computer_call\",\"call_id\":\"c\",\"action\":{\"type\":\"screenshot\"}}",
                        "{\"type\":\"computer_call_output\",\"call_id\":\"c\",\"output\":{}}"),
                Arguments.of(
                        "{\"type\":\"apply_patch_call\",\"call_id\":\"c\",\"operation\":{\"type\":\"delete_file\"}}",
                        "{\"type\":\"apply_patch_call_output\",\"call_id\":\"c\",\"status\":\"completed\"}"),
                Arguments.of(
                        "{\"type\":\"tool_search_call\",\"call_id\":\"c\",\"execution\":\"client\",\"arguments\":{}}",
                        "{\"type\":\"tool_search_output\",\"call_id\":\"c\",\"tools\":[]}"),
                Arguments.of(
                        "{\"type\":\"mcp_approval_request\",\"id\":\"mcpr_1\",\"name\":\"x\",\"arguments\":\"{}\"}",
                        "{\"type\":\"mcp_approval_response\",\"approval_request_id\":\"mcpr_1\",\"approve\":true}"));
    }

    @ParameterizedTest
    @MethodSource("hostCalls")
    void callThatOnlyTheHostCanAnswer_stopsTheRun_untilItIsAnswered(String call, String answer) {
        Script script = new Script(calls(item(call)), says("done"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            Outcome outcome = run(conversation, "x");
            assertThat(((Outcome.Stopped) outcome).reason()).isEqualTo(Outcome.Reason.UNANSWERED);
            assertThat(outcome.describe())
                    .startsWith("stopped: the model has called tools of the API's own that only you can answer: "
                            + item(call).type())
                    .endsWith("append their outputs, then run the conversation again");
            assertThat(conversation.prompt().item(1).json())
                    .as("its items are there")
                    .isEqualTo(call);
            assertThat(conversation.run(RunOptions.DEFAULT)).isInstanceOf(Outcome.Stopped.class);
            Conversation resumed = agent.resume(conversation.id());
            assertThatThrownBy(() -> resumed.run("go on"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(
                            "has calls that only you can answer: " + item(call).type());
            assertThat(script.prompts).as("nothing is paid for again").hasSize(1);
            resumed.append(List.of(item(answer)));
            assertThat(resumed.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            assertThat(script.prompts.get(1).item(2).json()).isEqualTo(answer);
        }
    }

    @Test
    void answer_mayComeWithTheRun() {
        Script script = new Script(calls(item("{\"type\":\"shell_call\",\"call_id\":\"c\"}")), says("done"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            Item answer = item("{\"type\":\"shell_call_output\",\"call_id\":\"c\",\"output\":[]}");
            assertThat(conversation.run(List.of(answer), RunOptions.DEFAULT).text())
                    .isEqualTo("done");
        }
    }

    @Test
    void callsOfBothKinds_areBothAnswered_beforeTheNextRequest() {
        Script script =
                new Script(calls(item("{\"type\":\"shell_call\",\"call_id\":\"s\"}"), call("1", "echo")), says("done"));
        try (AgentLoop agent = agent(script, ECHO).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(((Outcome.Stopped) run(conversation, "x")).reason()).isEqualTo(Outcome.Reason.UNANSWERED);
            assertThat(events(AgentEvent.ToolEnded.class)).hasSize(1);
            conversation.append(List.of(item("{\"type\":\"shell_call_output\",\"call_id\":\"s\",\"output\":[]}")));
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            assertThat(script.prompts.get(1).size()).isEqualTo(5);
        }
    }

    @Test
    void callThatTheServerAnswers_needsNobody() {
        Script script = new Script(calls(
                item("{\"type\":\"shell_call\",\"call_id\":\"a\",\"environment\":{\"type\":\"container_auto\"}}"),
                item("{\"type\":\"shell_call\",\"call_id\":\"b\"}"),
                item("{\"type\":\"shell_call_output\",\"call_id\":\"b\",\"output\":[]}"),
                item("{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\"}"),
                Script.message("all there")));
        try (AgentLoop agent = agent(script).build()) {
            assertThat(run(agent.newConversation(), "x").text()).isEqualTo("all there");
        }
    }

    @Test
    void answerThatIsOnlyAnImage_isAnAnswer() {
        Script script = new Script(
                calls(item("{\"type\":\"image_generation_call\",\"id\":\"ig_1\",\"result\":\"AAAA\"}")), says("never"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(run(conversation, "x")).isInstanceOf(Outcome.Finished.class);
            assertThat(agent.resume(conversation.id()).run(RunOptions.DEFAULT)).isInstanceOf(Outcome.Finished.class);
        }
        assertThat(script.prompts).hasSize(1);
    }

    @Test
    void runWithNothingToSend_isRefusedBeforeItIsPaidFor() {
        Script script = new Script(says("done"));
        try (AgentLoop agent = agent(script).developerInstructions("Be brief.").build()) {
            Conversation conversation = agent.newConversation();
            assertThatThrownBy(() -> conversation.run(RunOptions.DEFAULT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "conversation " + conversation.id() + " has nothing to send: nothing was said in it yet;"
                                    + " give the run an input, or append one first");
            assertThatThrownBy(() -> conversation.run("  "))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the input is empty; to continue without new input, call run(RunOptions)");
            assertThatThrownBy(() -> conversation.run((String) null))
                    .isInstanceOf(NullPointerException.class)
                    .hasMessage("the input is null; to continue without new input, call run(RunOptions)");
            assertThat(store.head(conversation.id())).isEmpty();
            assertThat(script.prompts).isEmpty();
            conversation.append(List.of(Item.user("x")));
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
        }
    }
}
