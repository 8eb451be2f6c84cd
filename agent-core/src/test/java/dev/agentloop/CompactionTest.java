package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.prompt.TokenEstimate;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.MemoryStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class CompactionTest {
    private static final String LONG = "word ".repeat(1_000);

    private final ConversationStore store = new MemoryStore();
    private final List<AgentEvent> events = new ArrayList<>();
    private Script script = new Script();

    /** The script, with a window of so many tokens. */
    private record Windowed(Script script, long window) implements Model {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").contextWindow(window).build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            return script.respond(prompt, listener);
        }
    }

    /** A tool with a long output, or one whose newest call is kept. */
    private record Longish(String name, boolean keptInCompaction) implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(name, "Does it.", "{\"type\":\"object\"}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text(keptInCompaction ? "noted " + call.callId() : LONG);
        }
    }

    private AgentLoop agent(long window, Function<Model, Compactor> compactor) {
        Model model = new Windowed(script, window);
        return AgentLoop.builder()
                .model(model)
                .tools(new Longish("look", false), new Longish("plan", true))
                .approval(ApprovalPolicy.ALLOW_ALL)
                .compactor(compactor.apply(model))
                .developerInstructions("Speak plainly.")
                .store(store)
                .build();
    }

    private Outcome run(Conversation conversation) {
        return conversation.run("go", RunOptions.listeningWith(events::add));
    }

    private <T extends AgentEvent> List<T> told(Class<T> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static Script.Line summary(String text) {
        return (prompt, listener) -> ModelResponse.of(List.of(message(text)), Usage.reported(900, 800, 0, 40, 0));
    }

    @Test
    void summary_standsBetweenWhatIsKeptAndTheNewestResponse() {
        script = new Script(calls(call("1", "look")), calls(call("2", "look")), summary("Looked twice."), says("done"));
        try (AgentLoop agent = agent(3_000, Compactor::summary)) {
            Outcome outcome = run(agent.newConversation());
            assertThat(outcome.text()).isEqualTo("done");
            assertThat(script.prompts.get(2).startsWith(script.prompts.get(1))).isTrue();
            assertThat(script.inputs(2).get(script.inputs(2).size() - 1))
                    .startsWith("user:The conversation is getting too");
            assertThat(script.inputs(3))
                    .containsExactly(
                            "developer:Speak plainly.",
                            "user:go",
                            "user:What came before was left out to make room. Whoever worked on it has left this handover:"
                                    + "\n\nLooked twice.",
                            "call:2",
                            "output:2:" + LONG);
            assertThat(outcome.usage().input()).isEqualTo(100 + 100 + 900 + 100);
            assertThat(outcome.summary().total().input()).isEqualTo(1_200);
        }
        AgentEvent.CompactionStarted started =
                told(AgentEvent.CompactionStarted.class).get(0);
        assertThat(started.by()).isEqualTo("summary");
        assertThat(started.reason()).isEqualTo(Compactor.Reason.MID_TURN);
        assertThat(started.offer().cachedTokens()).isEqualTo(started.context().tokens());
        assertThat(started.missTokens()).isGreaterThan(1_000);
        AgentEvent.Compacted compacted = told(AgentEvent.Compacted.class).get(0);
        assertThat(compacted.after().tokens()).isLessThan(compacted.before().tokens());
        assertThat(told(AgentEvent.EpochStarted.class))
                .extracting(AgentEvent.EpochStarted::reason)
                .contains("context_compacted");
    }

    @Test
    void trigger_sendsTheRunningPromptAndKeepsWhatComesBack() {
        String item = "{\"type\":\"compaction\",\"id\":\"cmp_1\",\"encrypted_content\":\"secret\"}";
        script = new Script(calls(call("1", "look")), calls(call("2", "look")), calls(Script.item(item)), says("done"));
        try (AgentLoop agent = agent(3_000, Compactor::trigger)) {
            assertThat(run(agent.newConversation()).text()).isEqualTo("done");
        }
        List<Item> asked = script.prompts.get(2).items();
        assertThat(asked.get(asked.size() - 1).json()).isEqualTo("{\"type\":\"compaction_trigger\"}");
        assertThat(script.prompts.get(3).items())
                .extracting(Item::json)
                .containsExactly(
                        Item.user("go").json(),
                        item,
                        Item.developer("Speak plainly.").json());
        assertThat(store.read(told(AgentEvent.RunStarted.class).get(0).conversation(), 0, 1_000))
                .extracting(LogEntry::toString)
                .noneMatch(text -> text.contains("compaction_trigger"));
    }

    @Test
    void oldOutputs_areLeftOutForNothing_beforeAnybodyIsAsked() {
        script = new Script(calls(call("1", "look")), calls(call("2", "look")), calls(call("3", "look")), says("done"));
        try (AgentLoop agent =
                agent(4_000, model -> Compactor.firstOf(Compactor.withoutOldOutputs(), Compactor.summary(model)))) {
            assertThat(run(agent.newConversation()).text()).isEqualTo("done");
        }
        assertThat(script.inputs(3))
                .contains("output:3:" + LONG)
                .anyMatch(text ->
                        text.startsWith("output:1:[This output of about 1") && text.endsWith("if it is needed.]"));
        assertThat(told(AgentEvent.Compacted.class))
                .extracting(AgentEvent.Compacted::by)
                .containsOnly("old outputs");
    }

    @Test
    void failedCompactor_isPassedOver_andTheNextOneTried() {
        script = new Script(
                calls(call("1", "look")),
                calls(call("2", "look")),
                says("this is no compaction item"),
                summary("Looked twice."),
                says("done"));
        try (AgentLoop agent =
                agent(3_000, model -> Compactor.firstOf(Compactor.trigger(model), Compactor.summary(model)))) {
            Outcome outcome = run(agent.newConversation());
            assertThat(outcome.text()).isEqualTo("done");
        }
        assertThat(told(AgentEvent.CompactionFailed.class))
                .extracting(AgentEvent.CompactionFailed::cause)
                .containsExactly("the server was asked for one compaction item and sent 0");
        assertThat(told(AgentEvent.Compacted.class))
                .extracting(AgentEvent.Compacted::by)
                .containsExactly("summary");
    }

    @Test
    void allFailed_endsTheRun_andTheConversationCanGoOn() {
        script = new Script(
                calls(call("1", "look")),
                calls(call("2", "look")),
                Script.fails(ModelException.Kind.SERVER),
                says("done after all"));
        Conversation conversation;
        try (AgentLoop agent = agent(3_000, Compactor::summary)) {
            conversation = agent.newConversation();
            Outcome outcome = run(conversation);
            assertThat(outcome.describe()).isEqualTo("stopped: compaction failed: summary: scripted failure SERVER");
            assertThat(((Outcome.Stopped) outcome).reason()).isEqualTo(Outcome.Reason.COMPACTION_FAILED);
        }
        try (AgentLoop agent = agent(0, model -> Compactor.NEVER)) {
            assertThat(agent.resume(conversation.id()).run(RunOptions.DEFAULT).text())
                    .isEqualTo("done after all");
            assertThat(script.prompts.get(3).startsWith(script.prompts.get(1))).isTrue();
        }
    }

    @Test
    void summaryThatOverflows_dropsTheOldestPairsAndTriesAgain() {
        script = new Script(
                calls(call("1", "look")),
                calls(call("2", "look")),
                Script.fails(ModelException.Kind.CONTEXT_LENGTH),
                summary("Looked."),
                says("done"));
        try (AgentLoop agent = agent(3_000, Compactor::summary)) {
            assertThat(run(agent.newConversation()).text()).isEqualTo("done");
        }
        assertThat(script.prompts.get(3).size())
                .isLessThan(script.prompts.get(2).size());
        assertThat(script.inputs(3).get(script.inputs(3).size() - 1)).startsWith("user:The conversation is getting");
    }

    @Test
    void contextLengthError_hasThePromptShortened_andAskedAgain() {
        script = new Script(
                calls(call("1", "look")),
                calls(call("2", "look")),
                Script.fails(ModelException.Kind.CONTEXT_LENGTH),
                summary("Looked twice."),
                says("done"));
        try (AgentLoop agent = agent(0, Compactor::summary)) {
            assertThat(run(agent.newConversation()).text()).isEqualTo("done");
        }
        assertThat(told(AgentEvent.CompactionStarted.class))
                .extracting(AgentEvent.CompactionStarted::reason)
                .containsExactly(Compactor.Reason.CONTEXT_LENGTH);
    }

    @Test
    void compaction_isNotRepeated_beforeThePromptHasGrown() {
        script = new Script(
                calls(call("1", "look")),
                calls(call("2", "look")),
                summary("S. ".repeat(400)),
                says("so far"),
                says("done"));
        try (AgentLoop agent = agent(1_700, Compactor::summary)) {
            Conversation conversation = agent.newConversation();
            assertThat(run(conversation).text()).isEqualTo("so far");
        }
        assertThat(told(AgentEvent.CompactionStarted.class)).hasSize(1);
    }

    @Test
    void pinsAndKeptCalls_survive_andUnpinnedOnesDoNot() {
        script = new Script(
                calls(call("p1", "plan")),
                calls(call("p2", "plan")),
                calls(call("1", "look")),
                says("first"),
                summary("Planned."),
                says("second"));
        try (AgentLoop agent = agent(0, Compactor::summary)) {
            Conversation conversation = agent.newConversation();
            conversation.pin("fact", Item.developer("The key is under the mat."));
            conversation.pin("gone", Item.developer("Nobody needs this."));
            conversation.unpin("gone");
            run(conversation);
            assertThat(conversation.compactions()).isEmpty();
            Compactor.Completed compaction = compact(conversation).orElseThrow();
            assertThat(compaction.by()).isEqualTo("summary");
            assertThat(compaction.reason()).isEqualTo(Compactor.Reason.REQUESTED);
            assertThat(compaction.tokensAfter()).isLessThan(compaction.tokensBefore());
            run(conversation);
        }
        assertThat(script.inputs(5))
                .containsSubsequence(
                        "developer:Speak plainly.",
                        "developer:The key is under the mat.",
                        "user:go",
                        "call:p2",
                        "output:p2:noted p2",
                        "user:What came before was left out to make room. Whoever worked on it has left this handover:"
                                + "\n\nPlanned.",
                        "assistant:first",
                        "user:go")
                .doesNotContain("call:p1", "developer:Nobody needs this.");
    }

    private static Optional<Compactor.Completed> compact(Conversation conversation) {
        try {
            return conversation.compact(RunOptions.DEFAULT);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void undo_givesBackThePromptBefore_andWhatCameSince() {
        script = new Script(calls(call("1", "look")), says("first"), summary("Looked."), says("second"), says("third"));
        try (AgentLoop agent = agent(0, Compactor::summary)) {
            Conversation conversation = agent.newConversation();
            run(conversation);
            Prompt before = conversation.prompt();
            long version = compact(conversation).orElseThrow().version();
            assertThat(conversation.promptAt(version - 1).hash(before.size())).isEqualTo(before.hash(before.size()));
            assertThat(conversation.promptAt(version).size()).isLessThan(before.size());
            run(conversation);
            conversation.undoCompaction();
            assertThatThrownBy(conversation::undoCompaction)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no compaction of conversation " + conversation.id()
                            + " holds any more: they were taken back, or the prompt was begun again since");
            run(agent.resume(conversation.id()));
            assertThat(script.prompts.get(4).startsWith(before)).isTrue();
            assertThat(script.inputs(4))
                    .containsSubsequence("assistant:first", "user:go", "assistant:second", "user:go");
            assertThatThrownBy(() -> conversation.promptAt(10_000))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("conversation " + conversation.id() + " has no version 10000");
        }
    }

    @Test
    void undo_again_takesBackTheCompactionBefore() {
        script = new Script(calls(call("1", "look")), says("first"), summary("One."), says("second"), summary("Two."));
        try (AgentLoop agent = agent(0, Compactor::summary)) {
            Conversation conversation = agent.newConversation();
            run(conversation);
            Prompt first = conversation.prompt();
            compact(conversation);
            run(conversation);
            Prompt second = conversation.prompt();
            compact(conversation);
            conversation.undoCompaction();
            assertThat(conversation.prompt().items()).isEqualTo(second.items());
            conversation.undoCompaction();
            assertThat(conversation.prompt().items())
                    .startsWith(first.items().toArray(new Item[0]))
                    .hasSize(first.size() + 2);
            assertThatThrownBy(conversation::undoCompaction).hasMessageContaining("holds any more");
            assertThat(conversation.compactions()).hasSize(2);
        }
    }

    @Test
    void nothingToGain_isNoCompaction() {
        script = new Script(says("first"));
        try (AgentLoop agent = agent(0, Compactor::summary)) {
            Conversation conversation = agent.newConversation();
            assertThat(compact(conversation)).isEmpty();
            run(conversation);
            assertThatThrownBy(conversation::undoCompaction)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("conversation " + conversation.id() + " was never compacted");
        }
    }

    @Test
    void cancel_endsACompactionThatHangs_andCountsWhatItMayHaveCost() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        script = new Script(calls(call("1", "look")), calls(call("2", "look")), Script.hangs(begun), says("done"));
        try (AgentLoop agent = agent(3_000, Compactor::summary)) {
            Conversation conversation = agent.newConversation();
            Thread canceller = new Thread(() -> {
                try {
                    begun.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                conversation.cancel();
            });
            canceller.start();
            Outcome outcome = run(conversation);
            canceller.join();
            assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
            long estimate =
                    told(AgentEvent.CompactionStarted.class).get(0).offer().inputTokens();
            assertThat(outcome.summary().total().input()).isEqualTo(200 + estimate);
            assertThat(outcome.summary().total().estimated()).isTrue();
        }
    }

    @Test
    void context_isMeasuredByTheServersCountAndAnEstimateOfWhatCameSince() {
        script = new Script(
                (prompt, listener) -> ModelResponse.of(List.of(call("1", "look")), Usage.reported(50, 0, 0, 10, 0)),
                (prompt, listener) -> ModelResponse.of(List.of(call("2", "look")), Usage.reported(0, 0, 0, 0, 0)),
                (prompt, listener) ->
                        ModelResponse.of(List.of(message("done")), Usage.reported(900_000_000, 0, 0, 0, 0)),
                says("more"));
        try (AgentLoop agent = agent(100_000, model -> Compactor.NEVER)) {
            Conversation conversation = agent.newConversation();
            run(conversation);
            run(conversation);
        }
        List<Compactor.Context> measured = told(AgentEvent.ContextMeasured.class).stream()
                .map(AgentEvent.ContextMeasured::context)
                .toList();
        assertThat(measured).extracting(Compactor.Context::estimated).containsExactly(true, false, true, true);
        assertThat(measured).extracting(Compactor.Context::limit).containsOnly(90_000L);
        assertThat(measured.get(0).usable()).isEqualTo(95_000);
        long output = TokenEstimate.of(ToolOutput.text(LONG).item(ToolCall.function("1", "look", "{}")));
        assertThat(measured.get(1).tokens()).isEqualTo(60 + output);
        assertThat(measured.get(2).tokens()).isBetween(2 * output, 2 * output + 300);
        assertThat(measured.get(3).tokens()).isBetween(2 * output, 2 * output + 400);
    }

    @Test
    void compactAt_outOfBounds_isRefused() {
        assertThatThrownBy(() -> AgentLoop.builder().compactAt(1.0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "a prompt is compacted when it fills a part of the window above 0 and at most 0.95, but this is"
                                + " 1.0");
    }

    @Test
    void compactorWithAFault_isPassedOver() {
        Compactor faulty = new Compactor() {
            @Override
            public String name() {
                return "faulty";
            }

            @Override
            public Optional<Offer> offer(Task task) {
                return Optional.of(Offer.FREE);
            }

            @Override
            public Window compact(Task task) {
                throw new NullPointerException("a fault of the host's");
            }
        };
        script = new Script(calls(call("1", "look")), calls(call("2", "look")), summary("Looked twice."), says("done"));
        try (AgentLoop agent = agent(3_000, model -> Compactor.firstOf(faulty, Compactor.summary(model)))) {
            assertThat(run(agent.newConversation()).text()).isEqualTo("done");
        }
        assertThat(told(AgentEvent.CompactionFailed.class))
                .extracting(AgentEvent.CompactionFailed::cause)
                .containsExactly("a fault of the host's");
    }
}
