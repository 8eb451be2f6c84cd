package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Changes between two runs: what is appended, what begins an epoch, and that nothing that was sent is changed. */
class AppendedChangesTest {
    private static final String SCHEMA = "{\"type\":\"object\"}";

    private final ConversationStore store = new MemoryStore();
    private final Script script = new Script(says("1"), says("2"), says("3"), says("4"), says("5"), says("6"));
    private final List<AgentEvent> events = new ArrayList<>();
    private final List<Tool> tools = new ArrayList<>();
    private String id = "";

    /** The script behind settings that a test changes. */
    private record With(Script script, PromptSettings settings) implements Model {
        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            return script.respond(prompt, listener);
        }
    }

    private record Named(String name, String description) implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(name, description, SCHEMA);
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("done");
        }
    }

    private static PromptSettings.Builder model(String name) {
        return PromptSettings.of(name).reasoning(true);
    }

    private Outcome run(PromptSettings.Builder settings) {
        return run(settings, agent -> agent);
    }

    private Outcome run(PromptSettings.Builder settings, UnaryOperator<AgentLoop.Builder> change) {
        AgentLoop.Builder builder = AgentLoop.builder()
                .model(new With(script, settings.build()))
                .instructions("Be careful.")
                .approval(ApprovalPolicy.ALLOW_ALL)
                .tools(() -> tools)
                .store(store);
        try (AgentLoop agent = change.apply(builder).build()) {
            Conversation conversation = id.isEmpty() ? agent.newConversation() : agent.resume(id);
            id = conversation.id();
            return conversation.run("go", RunOptions.listeningWith(events::add));
        }
    }

    private Prompt sent(int index) {
        return script.prompts.get(index);
    }

    /** The items of a request that the one before it did not have, less the answer and the user's message. */
    private List<String> appended(int index) {
        assertThat(sent(index).startsWith(sent(index - 1)))
                .as("request %d begins with the one before", index)
                .isTrue();
        List<String> items = sent(index).items().stream().map(Item::json).toList();
        return items.subList(sent(index - 1).size() + 1, items.size() - 1);
    }

    private List<String> epochs() {
        return store.read(id, 0, 1_000).stream()
                .filter(entry -> entry.kind().startsWith("epoch"))
                .map(LogEntry::content)
                .map(bytes -> new String(bytes, StandardCharsets.UTF_8).replaceAll("^\\{\"reason\":\"(\\w+)\".*", "$1"))
                .toList();
    }

    private List<String> warnings() {
        return events.stream()
                .filter(AgentEvent.Warning.class::isInstance)
                .map(event -> ((AgentEvent.Warning) event).text())
                .toList();
    }

    @Test
    void effort_isAppended_whereTheModelTakesUpdates() {
        run(model("m").configurationUpdates(true).effort("low"));
        run(model("m").configurationUpdates(true).effort("high"));
        run(model("m").configurationUpdates(true).effort("high"));
        run(model("m").configurationUpdates(true).effort("low"));
        assertThat(appended(1))
                .containsExactly("{\"type\":\"configuration_update\",\"reasoning\":{\"effort\":\"high\"}}");
        assertThat(appended(2)).isEmpty();
        assertThat(appended(3))
                .containsExactly("{\"type\":\"configuration_update\",\"reasoning\":{\"effort\":\"low\"}}");
        assertThat(sent(3).head()).isEqualTo(sent(0).head()).contains("\"effort\":\"low\"");
        assertThat(epochs()).containsExactly("conversation_started");
    }

    private AgentLoop agent(String model) {
        return AgentLoop.builder()
                .model(new With(script, model(model).build()))
                .compactor(Compactor.summary(new With(script, model(model).build())))
                .store(store)
                .build();
    }

    @Test
    void anotherModel_isAskedByItsName_afterTheHostsOwnOutputs() {
        try (AgentLoop before = agent("old")) {
            Conversation conversation = before.newConversation();
            id = conversation.id();
            conversation.append(List.of(Item.user("go"), call("c1", "echo"), call("c2", "echo")));
        }
        try (AgentLoop after = agent("new")) {
            Conversation conversation = after.resume(id);
            conversation.append(List.of(ToolOutput.text("one").item(ToolCall.of((Item.Call) call("c1", "echo")))));
            assertThat(conversation.prompt().model()).isEqualTo("old");
            conversation.append(List.of(ToolOutput.text("two").item(ToolCall.of((Item.Call) call("c2", "echo")))));
            assertThat(conversation.prompt().model()).isEqualTo("new");
        }
        assertThat(epochs()).containsExactly("conversation_started", "model_changed");
    }

    @Test
    void anotherModel_isAskedByItsName_forACompactionOnRequest() throws InterruptedException {
        try (AgentLoop before = agent("old")) {
            Conversation conversation = before.newConversation();
            id = conversation.id();
            conversation.append(List.of(Item.user("go"), Script.message("so ".repeat(1_000))));
            conversation.run("go on");
            conversation.run("and now that");
        }
        try (AgentLoop after = agent("new")) {
            after.resume(id).compact(RunOptions.DEFAULT);
        }
        assertThat(script.prompts).extracting(Prompt::model).containsExactly("old", "old", "new");
        assertThat(epochs()).containsExactly("conversation_started", "model_changed", "context_compacted");
    }

    @Test
    void effort_beginsAnEpoch_whereTheModelTakesNoUpdates() {
        run(model("m").effort("low"));
        run(model("m").effort("high"));
        assertThat(sent(1).head()).contains("\"effort\":\"high\"");
        assertThat(epochs()).containsExactly("conversation_started", "reasoning_effort_changed");
    }

    @Test
    void effortUpdates_areLeftOut_forAModelThatTakesNone() {
        run(model("m").configurationUpdates(true).effort("low"));
        run(model("m").configurationUpdates(true).effort("high"));
        run(model("other").effort("low"));
        assertThat(sent(2).items()).noneMatch(item -> item.type().equals("configuration_update"));
        assertThat(sent(2).head()).contains("\"effort\":\"low\"");
    }

    @Test
    void effortUpdates_afterAnEpoch_areOverruledByAnother() {
        run(model("m").configurationUpdates(true).effort("low"));
        run(model("m").configurationUpdates(true).effort("high"));
        run(model("n").configurationUpdates(true).effort("low"));
        assertThat(epochs()).containsExactly("conversation_started", "model_changed");
        assertThat(sent(2).items().get(sent(2).size() - 2).json())
                .isEqualTo("{\"type\":\"configuration_update\",\"reasoning\":{\"effort\":\"low\"}}");
    }

    @Test
    void effort_takenBack_beginsAnEpochWithoutUpdates() {
        run(model("m").configurationUpdates(true));
        run(model("m").configurationUpdates(true).effort("high"));
        run(model("m").configurationUpdates(true));
        assertThat(epochs()).containsExactly("conversation_started", "reasoning_effort_changed");
        assertThat(sent(2).items()).noneMatch(item -> item.type().equals("configuration_update"));
    }

    @Test
    void modelSwitch_beginsAnEpoch_andIsSaid() {
        run(model("m"));
        run(model("n"));
        run(model("n"));
        assertThat(epochs()).containsExactly("conversation_started", "model_changed");
        assertThat(sent(1).items().get(2).json())
                .isEqualTo(
                        "{\"type\":\"message\",\"role\":\"developer\",\"content\":[{\"type\":\"input_text\",\"text\":"
                                + "\"<model_switch>\\nWhat came before was answered by m. From here on the model is n."
                                + "\\n</model_switch>\"}]}");
        assertThat(appended(2)).isEmpty();
    }

    @Test
    void instructions_stayInTheHead_andChangesAreAppended() {
        run(model("m"));
        run(model("m"), agent -> agent.instructions("Be bold."));
        run(model("m"), agent -> agent.instructions("Be bold."));
        run(model("m"));
        assertThat(sent(0).head()).contains("\"instructions\":\"Be careful.\"");
        assertThat(appended(1)).singleElement().asString().contains("given before:\\n\\nBe bold.");
        assertThat(appended(2)).isEmpty();
        assertThat(appended(3)).singleElement().asString().contains("given before:\\n\\nBe careful.");
    }

    @Test
    void instructions_areTheFirstMessage_whereTheModelWantsThemInTheInput() {
        run(model("m").instructionsInInput(true), agent -> agent.developerInstructions("Speak plainly."));
        run(model("m").instructionsInInput(true), agent -> agent.developerInstructions("Speak plainly."));
        run(
                model("m").instructionsInInput(true),
                agent -> agent.developerInstructions("Speak plainly.").instructions("Be bold."));
        assertThat(sent(0).head()).doesNotContain("instructions");
        assertThat(script.inputs(0)).containsExactly("developer:Be careful.", "developer:Speak plainly.", "user:go");
        assertThat(appended(1)).isEmpty();
        assertThat(appended(2)).singleElement().asString().contains("given before:\\n\\nBe bold.");
    }

    @Test
    void instructions_moveIntoTheInput_withAModelThatWantsThemThere() {
        run(model("m"));
        run(model("n").instructionsInInput(true));
        run(model("n").instructionsInInput(true));
        assertThat(sent(1).head()).doesNotContain("instructions");
        assertThat(script.inputs(1)).containsSubsequence("user:go", "assistant:1", "developer:Be careful.", "user:go");
        assertThat(appended(2)).isEmpty();
    }

    @Test
    void newTool_isAppendedOnce_whereTheModelTakesAdditionalTools() {
        tools.add(new Named("old", "Is old."));
        run(model("m").additionalTools(true));
        tools.add(0, new Named("new", "Is new."));
        run(model("m").additionalTools(true));
        run(model("m").additionalTools(true));
        assertThat(appended(1))
                .containsExactly(
                        "{\"type\":\"additional_tools\",\"role\":\"developer\",\"tools\":[{\"type\":\"function\","
                                + "\"name\":\"new\",\"description\":\"Is new.\",\"parameters\":{\"type\":\"object\"},"
                                + "\"strict\":false}]}");
        assertThat(appended(2)).isEmpty();
        assertThat(sent(2).head()).isEqualTo(sent(0).head());
        assertThat(warnings()).isEmpty();
    }

    @Test
    void newTool_waitsForTheNextEpoch_elsewhere() {
        tools.add(new Named("old", "Is old."));
        run(model("m"));
        tools.add(new Named("new", "Is new."));
        run(model("m"));
        assertThat(appended(1)).isEmpty();
        assertThat(warnings())
                .containsExactly(
                        "the tools differ from those that this conversation was begun with; new ones wait for the"
                                + " next epoch: [new]. Conversation.repinTools() declares them again");
        run(model("n"));
        assertThat(sent(2).head()).contains("\"name\":\"new\"", "\"name\":\"old\"");
    }

    @Test
    void epoch_declaresEachToolOnce() {
        tools.add(new Named("old", "Is old."));
        run(model("m").additionalTools(true));
        tools.add(new Named("new", "Is new."));
        run(model("m").additionalTools(true));
        run(model("n").additionalTools(true));
        assertThat(sent(2).head()).contains("\"name\":\"old\"").doesNotContain("\"name\":\"new\"");
        run(model("o"));
        assertThat(sent(3).head()).contains("\"name\":\"new\"", "\"name\":\"old\"");
        assertThat(sent(3).items()).noneMatch(item -> item.type().equals("additional_tools"));
    }

    @Test
    void changedAndVanishedTools_changeNoByte_andAreWarnedOf() {
        tools.add(new Named("gone", "Goes."));
        tools.add(new Named("kept", "Is kept."));
        run(model("m").additionalTools(true));
        tools.clear();
        tools.add(new Named("kept", "Is described again."));
        run(model("m").additionalTools(true));
        assertThat(appended(1)).isEmpty();
        assertThat(warnings())
                .containsExactly(
                        "the tools differ from those that this conversation was begun with; calls of those that"
                                + " are gone are answered with an error: [gone]; of those that were changed the model knows the"
                                + " old form: [kept]. Conversation.repinTools() declares them again");
    }

    @Test
    void repinTools_beginsAnEpochWithTheToolsOfNow() {
        tools.add(new Named("gone", "Goes."));
        run(model("m"));
        tools.clear();
        tools.add(new Named("new", "Is new."));
        try (AgentLoop agent = AgentLoop.builder()
                .model(new With(script, model("m").build()))
                .instructions("Be careful.")
                .tools(() -> tools)
                .store(store)
                .build()) {
            agent.resume(id).repinTools();
        }
        run(model("m"));
        assertThat(epochs()).containsExactly("conversation_started", "tools_repinned");
        assertThat(sent(1).head()).contains("\"name\":\"new\"").doesNotContain("gone");
        assertThat(warnings()).isEmpty();
    }

    @Test
    void repinTools_whileACallHasNoOutput_isRefused() {
        try (AgentLoop agent = AgentLoop.builder()
                .model(new With(script, model("m").build()))
                .store(store)
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.repinTools();
            conversation.append(List.of(Item.user("go")));
            conversation.append(ModelResponse.of(List.of(call("call_1", "x")), Usage.NONE));
            assertThatThrownBy(conversation::repinTools)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the calls [call_1] have no output yet; run the conversation to its end, then pin the"
                            + " tools again");
        }
    }

    @Test
    void otherSettings_beginAnEpochThatSaysWhich() {
        run(model("m"));
        run(model("m").verbosity("low"));
        run(model("m").verbosity("low").field("service_tier", "\"flex\""));
        run(model("m").verbosity("low").field("service_tier", "\"flex\"").maxOutputTokens(500));
        assertThat(epochs())
                .containsExactly(
                        "conversation_started", "verbosity_changed", "service_tier_changed", "settings_changed");
    }

    @Test
    void cacheKey_staysTheConversations_overEpochsAndForks() {
        run(model("m"));
        run(model("n"));
        String key = "\"prompt_cache_key\":\"" + id + "\"";
        String parent = id;
        try (AgentLoop agent = AgentLoop.builder()
                .model(new With(script, model("n").build()))
                .instructions("Be careful.")
                .store(store)
                .build()) {
            Conversation fork = agent.fork(parent, agent.resume(parent).version());
            fork.run("go");
        }
        assertThat(script.prompts).hasSize(3).allMatch(prompt -> prompt.head().contains(key));
        assertThat(sent(2).startsWith(sent(1))).isTrue();
    }

    @Test
    void strict_stopsBeforeTheRequest_andGoesOnWhenTheChangeIsUndone() {
        UnaryOperator<AgentLoop.Builder> strict =
                agent -> agent.prefixCache(() -> PrefixCache.hashChain().strict());
        run(model("m"), strict);
        Outcome refused = run(model("n"), strict);
        assertThat(refused).isInstanceOf(Outcome.Stopped.class);
        assertThat(((Outcome.Stopped) refused).reason()).isEqualTo(Outcome.Reason.PREFIX_BROKEN);
        assertThat(refused.describe())
                .startsWith("stopped: the request was not sent, because it would break the prefix of the prompt:"
                        + " model_changed: model was edited, the first difference is at byte 10:")
                .endsWith("Undo the change and run the conversation again, or run it without the strict mode");
        assertThat(script.prompts).hasSize(1);
        assertThat(run(model("m"), strict).text()).isEqualTo("2");
        assertThat(sent(1).startsWith(sent(0))).isTrue();
    }

    @Test
    void cacheUsed_isTold_withTheTotalsOfRunAndConversation() {
        Script reporting = new Script(
                (prompt, listener) -> ModelResponse.of(List.of(call("c", "t")), Usage.reported(4_000, 0, 3_900, 10, 0)),
                (prompt, listener) ->
                        ModelResponse.of(List.of(Script.message("a")), Usage.reported(4_100, 3_968, 100, 10, 0)),
                (prompt, listener) ->
                        ModelResponse.of(List.of(Script.message("b")), Usage.reported(4_200, 0, 4_100, 10, 0)));
        tools.add(new Named("t", "Does it."));
        UnaryOperator<AgentLoop.Builder> with =
                agent -> agent.model(reporting).instructions("Be careful. ".repeat(1_000));
        run(model("m"), with);
        Outcome second = run(model("m"), with);
        List<PrefixCache.Reuse> reuses = events.stream()
                .filter(AgentEvent.CacheUsed.class::isInstance)
                .map(event -> ((AgentEvent.CacheUsed) event).reuse())
                .toList();
        assertThat(reuses).extracting(PrefixCache.Reuse::expectedTokens).containsExactly(0L, 3_968L, 4_096L);
        assertThat(reuses)
                .extracting(PrefixCache.Reuse::miss)
                .containsExactly(PrefixCache.Miss.NONE, PrefixCache.Miss.NONE, PrefixCache.Miss.SERVER);
        assertThat(second.usage()).isEqualTo(Usage.reported(4_200, 0, 4_100, 10, 0));
        assertThat(second.summary().total()).isEqualTo(Usage.reported(12_300, 3_968, 8_100, 30, 0));
        assertThat(second.summary().total().uncached()).isEqualTo(232);
        Limits.Prices prices = Limits.Prices.of(2, 0.2, 2.5, 10);
        assertThat(prices.cost(second.summary().total())).isEqualByComparingTo("0.0218076");
        assertThat(prices.withoutCache(second.summary().total())).isEqualByComparingTo("0.0249");
    }

    @Test
    void aToolOfASource_isCalled() {
        tools.add(new Named("late", "Comes late."));
        Script calling = new Script(calls(call("c", "late")), says("ok"));
        assertThat(run(model("m"), agent -> agent.model(calling)).text()).isEqualTo("ok");
        assertThat(calling.inputs(1)).contains("output:c:done");
    }

    @Test
    void cacheKey_staysOverACompaction() {
        run(model("m").contextWindow(60));
        run(model("m").contextWindow(60));
        run(model("m").contextWindow(60));
        Outcome outcome = run(model("m").contextWindow(60), agent -> agent.compactor(new Shortening(() -> true)));
        assertThat(outcome.text()).isEqualTo("4");
        assertThat(epochs()).contains("context_compacted");
        assertThat(script.inputs(3)).containsExactly("user:What came before was left out.", "assistant:3", "user:go");
        assertThat(sent(3).head()).isEqualTo(sent(0).head()).contains("\"prompt_cache_key\":\"" + id + "\"");
    }

    @Test
    void toolContext_ofAHostsOwnLoop_knowsTheConversation() throws Exception {
        try (AgentLoop agent = AgentLoop.builder()
                .model(new With(script, model("m").build()))
                .store(store)
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("go")));
            assertThatThrownBy(() -> conversation.toolContext("call_1"))
                    .hasMessage("no call call_1 of conversation " + conversation.id() + " awaits an output");
            conversation.append(ModelResponse.of(List.of(call("call_1", "x")), Usage.NONE));
            ToolContext context = conversation.toolContext("call_1");
            context.progress("nobody hears it");
            assertThat(context.conversation()).isEqualTo(conversation.id());
            assertThat(context.callId()).isEqualTo("call_1");
            assertThat(context.attributes()).isEmpty();
            assertThat(context.fullOutput("call_1")).isEmpty();
            assertThat(context.cancelled()).isFalse();
            Thread.currentThread().interrupt();
            assertThat(context.cancelled()).isTrue();
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
