package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.item;
import static dev.agentloop.Script.reasoning;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.prompt.AppendedSettings;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a compactor has left out is put back, and what it has left in does not come to hold again. */
class CompactionPutBackTest {
    private static final String COMPACTION =
            "{\"type\":\"compaction\",\"id\":\"cmp_1\",\"encrypted_content\":\"secret\"}";
    private static final String IMAGE = "data:image/png;base64,iVBORw0KGgo=";

    private final ConversationStore store = new MemoryStore();
    private String effort = "low";
    private Script script = new Script();

    /** The script, with the effort of the test. */
    private final class Effortful implements Model {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted")
                    .effort(effort)
                    .configurationUpdates(true)
                    .images(true)
                    .build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            return script.respond(prompt, listener);
        }
    }

    /** Leaves out whatever a test says, unless it must stay. */
    private record Dropping(Predicate<Item> dropped) implements Compactor {
        @Override
        public String name() {
            return "dropping";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.of(Offer.FREE);
        }

        @Override
        public Window compact(Task task) {
            List<Item> items = new ArrayList<>();
            for (int i = 0; i < task.prompt().size(); i++) {
                if (task.kept().contains(i) || !dropped.test(task.prompt().item(i))) {
                    items.add(task.prompt().item(i));
                }
            }
            return Window.built(items, Usage.NONE);
        }
    }

    /** Compacts only what a server has not compacted yet. */
    private record OnlyOnce(Compactor inner) implements Compactor {
        @Override
        public String name() {
            return inner.name();
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return task.prompt().items().stream().anyMatch(Item.Compaction.class::isInstance)
                    ? Optional.empty()
                    : inner.offer(task);
        }

        @Override
        public Window compact(Task task) throws InterruptedException {
            return inner.compact(task);
        }
    }

    private record Plan(String name) implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(name, "Plans.", "{\"type\":\"object\"}");
        }

        @Override
        public boolean keptInCompaction() {
            return true;
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("noted " + call.callId());
        }
    }

    private AgentLoop.Builder agent(Compactor compactor) {
        return AgentLoop.builder()
                .model(new Effortful())
                .approval(ApprovalPolicy.ALLOW_ALL)
                .compactor(compactor)
                .store(store);
    }

    @Test
    void windowOfAServer_hasTheNewestCallsOfKeptToolsBehindIt() throws InterruptedException {
        script = new Script(
                calls(call("p1", "plan")),
                calls(reasoning("why"), call("p2", "plan"), call("g1", "goals")),
                says("so far " + "and farther ".repeat(300)),
                calls(item(COMPACTION)),
                says("done"),
                calls(item(COMPACTION.replace("cmp_1", "cmp_2"))));
        try (AgentLoop agent = agent(Compactor.trigger(script))
                .tools(new Plan("plan"), new Plan("goals"))
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("go");
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            conversation.run("go on " + "and on ".repeat(500));
            assertThat(script.inputs(4))
                    .startsWith("user:go", "compaction", "reasoning", "call:p2", "output:p2:noted p2", "call:g1")
                    .contains("output:g1:noted g1")
                    .doesNotContain("call:p1");

            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            assertThat(conversation.prompt().items())
                    .as("and again")
                    .filteredOn(Item.Call.class::isInstance)
                    .hasSize(2);
        }
    }

    @Test
    void builtAndReturnedWindows_inOneChain_eachByItsOwnRules() throws InterruptedException {
        script = new Script(
                calls(call("p1", "plan")),
                says("so far " + "and farther ".repeat(600)),
                says("and on"),
                calls(item(COMPACTION)),
                says("done " + "and farther ".repeat(600)),
                says("at last"),
                says("It was about a plan."),
                says("really"));
        try (AgentLoop agent = agent(
                        Compactor.firstOf(new OnlyOnce(Compactor.trigger(script)), Compactor.summary(script)))
                .tools(new Plan("plan"))
                .developerInstructions("Speak plainly.")
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.pin("fact", Item.developer("The key is under the mat."));
            conversation.run("go");
            conversation.run("on");
            assertThat(compactedBy(conversation)).isEqualTo("trigger");
            assertThat(texts(conversation.prompt()))
                    .containsExactly("go", "on", "Speak plainly.", "The key is under the mat.");
            conversation.run("further");
            conversation.run("still");
            assertThat(compactedBy(conversation)).isEqualTo("summary");
            conversation.run("And?");
        }
        assertThat(script.inputs(7))
                .startsWith("developer:Speak plainly.", "user:go", "user:on")
                .containsSubsequence(
                        "call:p1",
                        "output:p1:noted p1",
                        "developer:The key is under the mat.",
                        "user:still",
                        "assistant:at last",
                        "user:And?")
                .as("a built window need not keep what only the server can read")
                .doesNotContain("compaction")
                .doesNotHaveDuplicates();
    }

    private static String compactedBy(Conversation conversation) throws InterruptedException {
        return conversation.compact(RunOptions.DEFAULT).orElseThrow().by();
    }

    private static List<String> matching(Prompt prompt, String text) {
        return prompt.items().stream()
                .map(Item::json)
                .filter(json -> json.contains(text))
                .toList();
    }

    @Test
    void oldContextInABuiltWindow_doesNotHoldAgain(@TempDir Path workspace) throws IOException, InterruptedException {
        Compactor compactor = new Dropping(item -> item.json().contains("Rule three")
                || item.json().contains("\"high\"")
                || item.json().contains("far "));
        script = new Script(says("far ".repeat(900)), says("far away"), says("far"), says("done"), says("end"));
        Conversation conversation = null;
        for (String change : List.of("one low", "two medium", "three high")) {
            effort = change.split(" ")[1];
            Files.writeString(workspace.resolve("AGENTS.md"), "Rule " + change.split(" ")[0] + ".");
            try (AgentLoop agent = agent(compactor).workspace(workspace).build()) {
                conversation = conversation == null ? agent.newConversation() : agent.resume(conversation.id());
                conversation.run("go");
            }
        }
        try (AgentLoop agent = agent(compactor).workspace(workspace).build()) {
            conversation = agent.resume(conversation.id());
            conversation.run("go on");
            assertThat(matching(conversation.prompt(), "configuration_update")).hasSize(2);
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            conversation.run("And?");
        }
        Prompt next = script.prompts.get(4);
        assertThat(matching(next, "Rule "))
                .singleElement()
                .asString()
                .contains("Rule three")
                .isEqualTo(next.items().stream()
                        .filter(item -> item.json().contains("AGENTS.md"))
                        .findFirst()
                        .orElseThrow()
                        .json());
        assertThat(matching(next, "configuration_update"))
                .containsExactly(AppendedSettings.effort("high").json());
    }

    @Test
    void contextThatIsAsItOnceWas_holds(@TempDir Path workspace) throws IOException, InterruptedException {
        // The newest bytes are in the window, but what stood between them is behind them.
        List<Item> seen = new ArrayList<>();
        Compactor compactor = new Dropping(item -> item.json().contains("far ")
                || item.json().contains("\"low\"") && seen.contains(item)
                || !seen.add(item));
        script = new Script(says("far ".repeat(900)), says("far"), says("far"), says("far"), says("done"), says("end"));
        Conversation conversation = null;
        for (String now : List.of("medium", "low", "high", "low")) {
            effort = now;
            try (AgentLoop agent = agent(compactor).workspace(workspace).build()) {
                conversation = conversation == null ? agent.newConversation() : agent.resume(conversation.id());
                conversation.run("go");
            }
        }
        try (AgentLoop agent = agent(compactor).workspace(workspace).build()) {
            conversation = agent.resume(conversation.id());
            conversation.run("go on");
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            conversation.run("And?");
        }
        assertThat(matching(script.prompts.get(5), "configuration_update"))
                .containsExactly(AppendedSettings.effort("low").json());
    }

    @Test
    void messageWhoseImageIsLeftOut_isStillTheUsers_andIsAgainWhenUndone() throws InterruptedException {
        Item looked = Item.user("Look.", List.of(IMAGE));
        Item pinned = Item.user("The map.", List.of(IMAGE));
        script = new Script(
                Script.fails(ModelException.Kind.INVALID_IMAGE),
                says("seen " + "and described ".repeat(300)),
                says("more"),
                says("Seen."));
        try (AgentLoop agent = agent(Compactor.summary(script)).build()) {
            Conversation conversation = agent.newConversation();
            conversation.pin("map", pinned);
            conversation.run(List.of(looked), RunOptions.DEFAULT);
            assertThat(conversation.prompt().items()).doesNotContain(looked, pinned);
            conversation.append(List.of(Item.developer("Be quick.")));
            conversation.run(RunOptions.DEFAULT);
            Compactor.Completed compaction =
                    conversation.compact(RunOptions.DEFAULT).orElseThrow();
            assertThat(compaction.by()).isEqualTo("summary");
            assertThat(texts(conversation.prompt()))
                    .anyMatch(text -> text.startsWith("Look.[This image was left out"))
                    .anyMatch(text -> text.startsWith("The map.[This image was left out"));
        }
    }

    @Test
    void messageThatAnUndoneCompactionLeftOut_isTheUsersAgain() throws InterruptedException {
        List<List<Item>> users = new ArrayList<>();
        Compactor dropping = new Dropping(item -> !(item instanceof Item.Message message)
                || !message.role().equals("user")
                || message.text().startsWith("first"));
        Compactor telling = new Compactor() {
            @Override
            public String name() {
                return "telling";
            }

            @Override
            public Optional<Offer> offer(Task task) {
                users.add(task.items(task.userMessages()));
                return dropping.offer(task);
            }

            @Override
            public Window compact(Task task) throws InterruptedException {
                return dropping.compact(task);
            }
        };
        script = new Script(says("one"), says("two"));
        try (AgentLoop agent = agent(telling).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("first " + "and farther ".repeat(300));
            conversation.run("second");
            conversation.compact(RunOptions.DEFAULT);
            conversation.undoCompaction();
            conversation.compact(RunOptions.DEFAULT);
        }
        assertThat(users.get(1)).hasSize(2).isEqualTo(users.get(0));
    }

    private static List<String> texts(Prompt prompt) {
        return prompt.items().stream()
                .filter(Item.Message.class::isInstance)
                .map(item -> ((Item.Message) item).text())
                .toList();
    }
}
