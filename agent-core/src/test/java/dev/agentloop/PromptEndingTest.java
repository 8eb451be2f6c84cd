package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.log.Fold;
import dev.agentloop.spi.LogEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What varies from request to request: it stands behind the items, comes from the log, and touches no prefix. */
class PromptEndingTest extends LoopFixture {
    private static final String AUTO = "\"tool_choice\":\"auto\"";
    private static final Tool LOOK = TestTool.reads("look", (call, context) -> ToolOutput.text("seen"));

    private static RunOptions allowing(String... names) {
        return RunOptions.DEFAULT.withAllowedTools(Set.of(names));
    }

    private static Tool patch() {
        return new Tool() {
            @Override
            public Specification specification() {
                return new Specification("patch", "Patches.", "{}", false, new Grammar("lark", "start: \"x\""));
            }

            @Override
            public ToolOutput call(ToolCall call, ToolContext context) {
                return ToolOutput.text("patched");
            }
        };
    }

    /** A model whose responses have ids, with settings of its own. */
    private static Model answering(PromptSettings settings, List<Prompt> prompts) {
        AtomicInteger count = new AtomicInteger();
        return new Model() {
            @Override
            public PromptSettings settings() {
                return settings;
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) {
                prompts.add(prompt);
                return new ModelResponse(
                        "resp_" + count.incrementAndGet(), List.of(message("ok")), Usage.NONE, null, true);
            }
        };
    }

    private static PromptSettings.Builder newer() {
        return PromptSettings.of("m").cacheOptions(true);
    }

    @Test
    void ending_byDefault_isTheToolChoice() {
        Prompt prompt = Prompt.of(PromptSettings.of("m").build(), Toolbox.of(List.of(ECHO)));
        assertThat(prompt.ending()).isEqualTo(AUTO);
        assertThat(prompt.plus(List.of(Item.user("x"))).ending()).isEqualTo(AUTO);
    }

    @Test
    void allowedTools_areNamedInTheDeclaredOrder_forTheirTurnOnly() {
        Script script = new Script(says("one"), says("two"), says("three"));
        try (AgentLoop agent = agent(script, LOOK, ECHO, patch()).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b", allowing("look", "echo"));
            assertThat(conversation.prompt().ending()).isEqualTo(AUTO);
            conversation.run("c");
        }
        List<Prompt> sent = script.prompts;
        assertThat(sent)
                .extracting(Prompt::ending)
                .containsExactly(
                        AUTO,
                        "\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":["
                                + "{\"type\":\"function\",\"name\":\"echo\"},{\"type\":\"function\",\"name\":\"look\"}]}",
                        AUTO);
        assertThat(sent.get(1).startsWith(sent.get(0))).isTrue();
        assertThat(sent.get(2).startsWith(sent.get(1))).isTrue();
        assertThat(ChunkedPromptTest.wire(sent.get(1))).startsWith(ChunkedPromptTest.wire(sent.get(0)));
        assertThat(ChunkedPromptTest.wire(sent.get(2))).startsWith(ChunkedPromptTest.wire(sent.get(1)));
    }

    @Test
    void allowedTools_custom_areNamedAsSuch_andNoneMeansNone() {
        List<Prompt> prompts = new ArrayList<>();
        Model model = answering(PromptSettings.of("m").customTools(true).build(), prompts);
        try (AgentLoop agent = agent(model, ECHO, patch()).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a", allowing("patch"));
            conversation.run("b", allowing());
        }
        assertThat(prompts)
                .extracting(Prompt::ending)
                .containsExactly(
                        "\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":["
                                + "{\"type\":\"custom\",\"name\":\"patch\"}]}",
                        "\"tool_choice\":\"none\"");
    }

    @Test
    void allowedTools_addedToTheConversationLater_areNamedBehindTheOthers() {
        List<Prompt> prompts = new ArrayList<>();
        Model model = answering(PromptSettings.of("m").additionalTools(true).build(), prompts);
        String id;
        try (AgentLoop agent = agent(model, LOOK).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            id = conversation.id();
        }
        try (AgentLoop agent = agent(model, LOOK, ECHO).build()) {
            agent.resume(id).run("b", allowing("echo", "look"));
        }
        assertThat(prompts.get(1).ending())
                .isEqualTo("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":["
                        + "{\"type\":\"function\",\"name\":\"look\"},{\"type\":\"function\",\"name\":\"echo\"}]}");
        assertThat(prompts.get(1).startsWith(prompts.get(0))).isTrue();
    }

    @Test
    void allowedTools_thatTheModelWasNotToldOf_areLeftOut() {
        Script script = new Script(says("one"), says("two"));
        String id;
        try (AgentLoop agent = agent(script, LOOK).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            id = conversation.id();
        }
        try (AgentLoop agent = agent(script, LOOK, ECHO).build()) {
            agent.resume(id).run("b", allowing("echo"));
        }
        assertThat(script.prompts.get(1).ending()).isEqualTo("\"tool_choice\":\"none\"");
    }

    @Test
    void callOfAnotherTool_isAnsweredAndNotRun() {
        AtomicInteger runs = new AtomicInteger();
        Tool counted = TestTool.reads("count", (call, context) -> ToolOutput.text("run " + runs.incrementAndGet()));
        Script script = new Script(
                calls(call("1", "count"), call("2", "echo")), says("one"), calls(call("3", "echo")), says("two"));
        try (AgentLoop agent = agent(script, counted, ECHO, LOOK).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a", allowing("look", "echo"));
            conversation.run("b", allowing());
        }
        assertThat(runs).hasValue(0);
        assertThat(script.inputs(1))
                .contains("output:1:not run: count may not be called now; these may: echo, look", "output:2:<2>");
        assertThat(script.inputs(3)).contains("output:3:not run: echo may not be called now; no tool may");
    }

    @Test
    void allowedTools_unknown_areRefusedBeforeAnythingIsAppended() {
        Script script = new Script(says("one"));
        try (AgentLoop agent = agent(script, ECHO, LOOK).build()) {
            Conversation conversation = agent.newConversation();
            assertThatThrownBy(() -> conversation.run("a", allowing("echo", "ekho")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("the run may call only [echo, ekho], but there is no [ekho]; the tools of conversation "
                            + conversation.id() + " are [echo, look]");
            assertThat(conversation.version()).isZero();
            assertThat(store.head(conversation.id())).isEmpty();
            conversation.run("a");
            long version = conversation.version();
            assertThatThrownBy(() -> conversation.run("b", allowing("ekho")))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(store.head(conversation.id()).orElseThrow().version()).isEqualTo(version);
        }
    }

    @Test
    void ending_isGivenByTheLog() {
        List<Prompt> prompts = new ArrayList<>();
        Model model = answering(newer().cacheDiagnostics(true).build(), prompts);
        try (AgentLoop agent = agent(model, ECHO, LOOK).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b", allowing("echo"));
            assertThat(prompts.get(1).ending())
                    .isEqualTo("\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":["
                            + "{\"type\":\"function\",\"name\":\"echo\"}]},"
                            + "\"prompt_cache_options\":{\"comparison_response_id\":\"resp_1\"}");
            // The request of the second turn, from the log alone.
            Fold fold = new Fold();
            for (LogEntry entry : store.read(conversation.id(), 0, 1_000)) {
                fold.apply(entry);
                if (fold.hasPrompt() && fold.prompt().length() == prompts.get(1).length()) {
                    break;
                }
            }
            assertThat(fold.prompt().ending()).isEqualTo(prompts.get(1).ending());
        }
    }

    @Test
    void cacheDiagnostics_compareWithTheLastResponse_behindTheItems() {
        List<Prompt> prompts = new ArrayList<>();
        PromptSettings settings = newer().cacheMode("explicit")
                .cacheTtl("30m")
                .cacheDiagnostics(true)
                .build();
        Model model = answering(settings, prompts);
        try (AgentLoop agent = agent(model).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b");
            agent.fork(conversation.id(), conversation.version()).run("c");
        }
        assertThat(prompts)
                .extracting(Prompt::ending)
                .containsExactly(
                        AUTO + ",\"prompt_cache_options\":{\"mode\":\"explicit\",\"ttl\":\"30m\"}",
                        AUTO + ",\"prompt_cache_options\":{\"mode\":\"explicit\",\"ttl\":\"30m\","
                                + "\"comparison_response_id\":\"resp_1\"}",
                        AUTO + ",\"prompt_cache_options\":{\"mode\":\"explicit\",\"ttl\":\"30m\","
                                + "\"comparison_response_id\":\"resp_2\"}");
        for (Prompt prompt : prompts) {
            assertThat(ChunkedPromptTest.wire(prompt)).doesNotContain("prompt_cache_options");
        }
        assertThat(ChunkedPromptTest.wire(prompts.get(1))).startsWith(ChunkedPromptTest.wire(prompts.get(0)));
        assertThat(prompts.get(2).startsWith(prompts.get(1))).isTrue();
        assertThat(prompts.get(0).head())
                .endsWith("\"prompt_cache_options\":{\"mode\":\"explicit\",\"ttl\":\"30m\","
                        + "\"comparison_response_id\":null}}");
    }

    @Test
    void cacheDiagnostics_turnedOnLater_leaveThePrefixAsItIs() {
        List<Prompt> prompts = new ArrayList<>();
        String id;
        try (AgentLoop agent = agent(answering(newer().build(), prompts)).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            id = conversation.id();
        }
        PromptSettings settings = newer().cacheDiagnostics(true).build();
        try (AgentLoop agent = agent(answering(settings, prompts)).build()) {
            agent.resume(id).run("b");
        }
        assertThat(prompts.get(1).ending())
                .isEqualTo(AUTO + ",\"prompt_cache_options\":{\"comparison_response_id\":\"resp_1\"}");
        assertThat(prompts.get(1).startsWith(prompts.get(0))).isTrue();
        assertThat(ChunkedPromptTest.wire(prompts.get(1))).startsWith(ChunkedPromptTest.wire(prompts.get(0)));
    }

    @Test
    void cacheDiagnostics_ofAModelThatHasNone_areRefused() {
        assertThatThrownBy(() -> PromptSettings.of("m").cacheDiagnostics(true).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the model m takes no prompt_cache_options; use cacheRetention(...), or say"
                        + " cacheOptions(true) if it does");
    }
}
