package dev.agentloop.testkit.internal.compaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Usage;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Compactors that are broken on purpose, each in one way: the judge of the contract catches them, and so does the loop. */
class BrokenCompactorsTest {
    private static final Item PIN = Item.developer("The fact.");

    /** A good compactor whose items are spoilt. */
    private record Broken(UnaryOperator<List<Item>> spoilt, boolean returned) implements Compactor {
        @Override
        public String name() {
            return "broken";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.of(Offer.FREE);
        }

        @Override
        public Window compact(Task task) {
            return new Window(spoilt.apply(task.items(task.kept())), returned, Usage.NONE);
        }
    }

    /** A tool whose newest call stays. */
    private record Plan() implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(RandomAnswers.PLAN, "Plans.", "{\"type\":\"object\"}");
        }

        @Override
        public boolean keptInCompaction() {
            return true;
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("Plan " + call.callId());
        }
    }

    private static UnaryOperator<List<Item>> without(Predicate<Item> gone) {
        return items -> items.stream().filter(gone.negate()).toList();
    }

    private static List<Item> longer(List<Item> items) {
        List<Item> longer = new ArrayList<>(List.of(Item.user("It was long. ".repeat(2_000))));
        longer.addAll(items);
        return longer;
    }

    private static List<Item> changedPin(List<Item> items) {
        List<Item> changed = new ArrayList<>(items);
        changed.replaceAll(item -> item.equals(PIN) ? Item.developer("The facts.") : item);
        return changed;
    }

    @TestFactory
    Stream<DynamicTest> judgeAndLoop_catch() {
        return Stream.of(
                caught("gives nothing", items -> List.of(), CompactionInvariant.NOT_EMPTY),
                caught("makes it longer", BrokenCompactorsTest::longer, CompactionInvariant.SMALLER),
                caught("leaves out calls", without(Item.Call.class::isInstance), CompactionInvariant.PAIRED),
                caught(
                        "leaves out reasoning",
                        without(Item.Reasoning.class::isInstance),
                        CompactionInvariant.REASONING),
                caught("leaves out the user", without(BrokenCompactorsTest::said), CompactionInvariant.USER_MESSAGE),
                caught("changes a pin", BrokenCompactorsTest::changedPin, CompactionInvariant.PINS),
                caught(
                        "leaves out the plan",
                        without(item -> item.json().contains("call_plan")),
                        CompactionInvariant.KEPT_TOOLS),
                caught(
                        "leaves out the newest response",
                        without(item -> item.json().contains("\"Done.\"")),
                        CompactionInvariant.NEWEST_RESPONSE),
                dynamicTest(
                        "has no item of the server's",
                        () -> isCaught(new Broken(items -> items, true), CompactionInvariant.SERVER_ITEM)));
    }

    private static boolean said(Item item) {
        return item.json().contains("\"Do it.\"");
    }

    private static DynamicTest caught(String name, UnaryOperator<List<Item>> spoilt, CompactionInvariant by) {
        return dynamicTest(name, () -> isCaught(new Broken(spoilt, false), by));
    }

    private static void isCaught(Broken compactor, CompactionInvariant by) throws Exception {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.says("Looked: " + "x".repeat(4_000)),
                ScriptedResponse.reasons("plan it").andCalls("call_plan", RandomAnswers.PLAN, "{}"),
                ScriptedResponse.says("Done."),
                ScriptedResponse.says("Gone on."));
        CompactedTalk.Recording recording = new CompactedTalk.Recording(compactor);
        List<AgentEvent> events = new ArrayList<>();
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .tools(new Plan())
                .approval(ApprovalPolicy.ALLOW_ALL)
                .compactor(recording)
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("Look.");
            conversation.pin("fact", PIN);
            conversation.run("Do it.");
            Prompt before = conversation.prompt();
            assertThatThrownBy(() -> conversation.compact(RunOptions.listeningWith(events::add)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("breaks a rule");
            assertThat(events).hasAtLeastOneElementOfType(AgentEvent.CompactionFailed.class);
            assertThat(conversation.prompt().items()).isEqualTo(before.items());
            assertThat(conversation.run("Go on.")).isInstanceOf(Outcome.Finished.class);
            assertThat(model.lastPrompt().startsWith(before)).isTrue();
            assertThat(judged(recording, before)).contains(by);
        }
    }

    private static Set<CompactionInvariant> judged(CompactedTalk.Recording recording, Prompt before) {
        Item last = before.item(before.size() - 1);
        CompactionJudge.Known known = new CompactionJudge.Known(
                List.of(Item.user("Look."), Item.user("Do it.")),
                List.of(List.of(last)),
                List.of(PIN),
                Set.of(RandomAnswers.PLAN));
        Compactor.Window window = recording.given().get(0).window();
        return CompactionJudge.window(window.returned(), known, before.items(), window.items())
                .keySet();
    }
}
