package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ScriptedModelTest {
    private final List<String> told = new ArrayList<>();

    private final Model.Listener listener = new Model.Listener() {
        @Override
        public void onItem(Item item) {
            told.add(item.type());
        }

        @Override
        public void onDelta(Model.DeltaKind kind, String text) {
            told.add(kind + " " + text);
        }
    };

    private static Prompt prompt(Item... items) {
        return Prompt.of(PromptSettings.of("scripted").build(), Toolbox.empty()).plus(List.of(items));
    }

    /** A tool that gives its arguments back. */
    private static final class Echo implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("echo", "gives back", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("echo " + call.arguments());
        }
    }

    @Test
    void script_isToldInOrderAndKeptAsPrompts() {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.reasons("first I echo").andCalls("call_1", "echo", "{\"n\":1}"),
                ScriptedResponse.says("done"));
        try (AgentLoop agent =
                AgentLoop.builder().model(model).tools(new Echo()).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(conversation.run("go").text()).isEqualTo("done");
        }
        assertThat(model.prompts()).hasSize(2);
        assertThat(model.unused()).isZero();
        assertThat(model.lastPrompt().startsWith(model.prompts().get(0))).isTrue();
        assertThat(model.lastPrompt().items())
                .extracting(Item::type)
                .endsWith("message", "reasoning", "function_call", "function_call_output");
    }

    @Test
    void deltas_comeBeforeTheirItem() throws InterruptedException {
        ScriptedModel model = ScriptedModel.answering(ScriptedResponse.reasons("hm")
                .andCallsCustom("call_1", "patch", "*** Begin")
                .andSays("twenty-four characters, and some more"));
        ModelResponse response = model.respond(prompt(Item.user("go")), listener);
        assertThat(told)
                .containsExactly(
                        "REASONING hm",
                        "reasoning",
                        "ARGUMENTS *** Begin",
                        "custom_tool_call",
                        "TEXT twenty-four characters, ",
                        "TEXT and some more",
                        "message");
        assertThat(response.items()).hasSize(3);
        assertThat(response.items()).allSatisfy(item -> assertThat(item.json()).doesNotContain("\"id\""));
        assertThat(response.id()).isEqualTo("resp_1");
    }

    @Test
    void usage_isEstimatedUnlessTheScriptHasOne() throws InterruptedException {
        Usage own = Usage.reported(100, 50, 0, 7, 3);
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.says("a"), ScriptedResponse.says("b").using(own));
        Prompt prompt = prompt(Item.user("go"));
        assertThat(model.respond(prompt, listener).usage().input()).isEqualTo(prompt.length() / 4);
        assertThat(model.respond(prompt, listener).usage()).isEqualTo(own);
    }

    @Test
    void callWithoutOutput_isAnAssertionErrorThatShowsThePrompt() {
        ScriptedModel model = ScriptedModel.answering(ScriptedResponse.says("never"));
        Prompt prompt = prompt(Item.user("go"), Item.functionCall("call_1", "echo", "{}"));
        assertThatThrownBy(() -> model.respond(prompt, listener))
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith(
                        "prompt 1 would be refused by the Responses API: call call_1 has no output\nmodel: scripted\n")
                .hasMessageContaining("[1] function_call echo (call_1): {}");
    }

    @Test
    void outputWithoutCallAndLoneReasoning_areNamed() {
        ScriptedModel model = ScriptedModel.answering(ScriptedResponse.says("never"));
        Item reasoning = Item.received("{\"type\":\"reasoning\",\"summary\":[],\"encrypted_content\":\"x\"}"
                        .getBytes(StandardCharsets.UTF_8))
                .orElseThrow();
        Item output = ToolOutput.text("?").item(ToolCall.function("call_9", "echo", "{}"));
        assertThatThrownBy(() -> model.respond(prompt(reasoning, Item.user("go"), output, output, reasoning), listener))
                .hasMessageContaining("item 0 is reasoning and is followed by item 1 (message of the host), not by the"
                        + " item that it led to")
                .hasMessageContaining(
                        "item 2 (function_call_output) answers call call_9, which no item before it makes")
                .hasMessageContaining("item 4 is reasoning and is the last one");
    }

    @Test
    void promptBehindTheScript_isAnAssertionError() throws InterruptedException {
        ScriptedModel model = ScriptedModel.answering(ScriptedResponse.says("only one"));
        model.respond(prompt(Item.user("go")), listener);
        assertThatThrownBy(() -> model.respond(prompt(Item.user("go on")), listener))
                .isInstanceOf(AssertionError.class)
                .hasMessage("the script of 1 answers has ended, and prompt 2 came; add an answer, or look why there was"
                        + " another step");
    }

    @Test
    void endings_areWhatTheScriptSays() throws InterruptedException {
        ModelException quota =
                ModelException.of(ModelException.Kind.QUOTA, "no credit").build();
        ScriptedModel model = ScriptedModel.builder()
                .answer(ScriptedResponse.calls("call_1", "echo", "{}").andBreaks())
                .answer(ScriptedResponse.empty().andFails("server_error", "it fell over"))
                .answer(ScriptedResponse.says("too lo").andIsIncomplete("max_output_tokens"))
                .fail(quota)
                .otherwise(prompt ->
                        ScriptedResponse.says(prompt.size() + " items").andGoesOn())
                .build();
        Prompt prompt = prompt(Item.user("go"));
        ModelException broken = catchThrowableOfType(ModelException.class, () -> model.respond(prompt, listener));
        assertThat(broken.kind()).isEqualTo(ModelException.Kind.TRANSPORT);
        assertThat(told).contains("function_call");
        ModelException failed = catchThrowableOfType(ModelException.class, () -> model.respond(prompt, listener));
        assertThat(failed.code()).isEqualTo("server_error");
        assertThat(model.respond(prompt, listener).incomplete()).isEqualTo("max_output_tokens");
        assertThatThrownBy(() -> model.respond(prompt, listener)).isSameAs(quota);
        ModelResponse last = model.respond(prompt, listener);
        assertThat(last.text()).isEqualTo("1 items");
        assertThat(last.endTurn()).isFalse();
    }

    @Test
    void pause_waitsForTheTestAndEndsWithAnInterrupt() throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        ScriptedModel model = ScriptedModel.builder()
                .otherwise(
                        prompt -> ScriptedResponse.says("first").andWaits(never).andSays("second"))
                .build();
        CountDownLatch ended = new CountDownLatch(1);
        Thread thread = new Thread(() -> {
            try {
                model.respond(prompt(Item.user("go")), listener);
            } catch (InterruptedException e) {
                ended.countDown();
            }
        });
        thread.start();
        thread.interrupt();
        ended.await();
        assertThat(told).doesNotContain("TEXT second");
        never.countDown();
        assertThat(model.respond(prompt(Item.user("go")), listener).items()).hasSize(2);
    }
}
