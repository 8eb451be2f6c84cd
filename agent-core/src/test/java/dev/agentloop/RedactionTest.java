package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What was redacted is nowhere any more, and the conversation goes on. */
class RedactionTest extends LoopFixture {
    private static final String SECRET = "hunter2-is-the-password";

    private final Tool telling = TestTool.reads("tell", (call, context) -> ToolOutput.text(SECRET));

    private List<LogEntry> log(Conversation conversation) {
        return store.read(conversation.id(), 0, 1_000);
    }

    private List<Long> holding(Conversation conversation, String text) {
        return log(conversation).stream()
                .filter(entry -> entry.payload() != null && new String(entry.content(), UTF_8).contains(text))
                .map(LogEntry::version)
                .toList();
    }

    private static void assertChained(List<LogEntry> log) {
        LogPosition before = LogPosition.START;
        for (LogEntry entry : log) {
            assertThat(entry.follows(before)).as("%s", entry).isTrue();
            before = entry.position();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void redactedMessage_isNowhereAnyMore_andTheConversationGoesOn(boolean compactedBefore) throws Exception {
        Script script = new Script(says("noted"), says("done"));
        try (AgentLoop agent =
                agent(script).compactor(new Shortening(() -> true)).build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("padding ".repeat(200))));
            conversation.run("the secret is " + SECRET);
            conversation.pin("secret", Item.user("pinned: " + SECRET));
            if (compactedBefore) {
                assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            }
            for (int round = 0; round < 5 && !holding(conversation, SECRET).isEmpty(); round++) {
                List<Long> items = log(conversation).stream()
                        .filter(entry -> entry.kind().startsWith("item.")
                                && holding(conversation, SECRET).contains(entry.version()))
                        .map(LogEntry::version)
                        .toList();
                conversation.redact(items.get(0), "asked for by the user");
            }
            assertThat(holding(conversation, SECRET)).isEmpty();
            assertChained(log(conversation));
            assertThat(agent.resume(conversation.id()).run("go on").text()).isEqualTo("done");
        }
        assertThat(script.inputs(1)).noneMatch(text -> text.contains(SECRET)).contains("user:go on");
    }

    @Test
    void redactedOutput_keepsItsCall_andItsWholeTextGoesToo() {
        Script script = new Script(calls(call("1", "tell")), says("done"), says("on"));
        Tool long_ = TestTool.reads("tell", (call, context) -> ToolOutput.text((SECRET + "\n").repeat(10_000)));
        try (AgentLoop agent = agent(script, long_).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThat(holding(conversation, SECRET)).hasSize(2);
            long version = log(conversation).stream()
                    .filter(entry -> entry.kind().equals("item.output"))
                    .findFirst()
                    .orElseThrow()
                    .version();
            conversation.redact(version, "a password");
            assertThat(holding(conversation, SECRET)).isEmpty();
            run(conversation, "y");
        }
        assertThat(script.inputs(2))
                .containsExactly("user:x", "call:1", "output:1:[redacted]", "assistant:done", "user:y");
    }

    @Test
    void redactionThatACrashCutShort_isFinishedByTheNextTurn() {
        boolean[] crash = {true};
        ConversationStore crashing = new ForwardingStore(store) {
            @Override
            public void erase(String conversation, Map<Long, byte[]> marks) {
                if (crash[0]) {
                    throw new StoreException(StoreException.Kind.UNAVAILABLE, "gone");
                }
                super.erase(conversation, marks);
            }
        };
        Script script = new Script(says("noted"), says("done"));
        try (AgentLoop agent = agent(script, telling).store(crashing).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, SECRET);
            long version = holding(conversation, SECRET).get(0);
            assertThatThrownBy(() -> conversation.redact(version, "")).hasMessage("gone");
            assertThat(holding(conversation, SECRET)).isNotEmpty();
            crash[0] = false;
            run(agent.resume(conversation.id()), "y");
            assertThat(holding(conversation, SECRET)).isEmpty();
        }
        assertThat(script.inputs(1)).noneMatch(text -> text.contains(SECRET));
    }

    @Test
    void redact_ofWhatIsNoItem_isRefused() {
        try (AgentLoop agent = agent(new Script(says("a"))).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> conversation.redact(1, ""))
                    .withMessage("entry 1 of conversation " + conversation.id()
                            + " is conversation, and says nothing of its own; what can be redacted are items (entries whose"
                            + " kind begins with item.), what was born in a window, whole outputs, questions, decisions and"
                            + " endings");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> conversation.redact(999, ""))
                    .withMessageContaining("has no version 999 to redact; it stands at");
        }
    }

    /** A compactor whose item the server cannot read, as long as it is asked to. */
    private static final class Unreadable implements Compactor {
        @Override
        public String name() {
            return "unreadable";
        }

        @Override
        public java.util.Optional<Offer> offer(Task task) {
            return java.util.Optional.of(Offer.FREE);
        }

        @Override
        public Window compact(Task task) {
            return Window.returned(
                    List.of(Script.item("{\"type\":\"compaction\",\"encrypted_content\":\"x\"}")), Usage.NONE);
        }
    }

    @Test
    void refusedCompactionAfterARedaction_isTakenBack() throws Exception {
        Script script = new Script(
                says("noted"), says("b"), Script.fails(ModelException.Kind.INVALID_ENCRYPTED_CONTENT), says("done"));
        try (AgentLoop agent = agent(script).compactor(new Unreadable()).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "it is " + SECRET);
            run(conversation, "padding ".repeat(500));
            conversation.redact(holding(conversation, SECRET).get(0), "");
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            assertThat(run(conversation, "go on").text()).isEqualTo("done");
        }
        assertThat(script.inputs(3))
                .startsWith("user:[redacted]", "assistant:noted")
                .endsWith("user:go on");
    }

    @Test
    void livingHandleAndEveryReader_haveTheSamePrompt_afterRedactionsOfAnything() {
        long seed = Long.getLong("agentloop.seed", System.nanoTime());
        java.util.Random random = new java.util.Random(seed);
        for (int talk = 0; talk < 20; talk++) {
            try (AgentLoop agent = agent(script(random), telling)
                    .compactor(new Shortening(() -> true))
                    .build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("begin ".repeat(100));
                for (int step = 0; step < 12; step++) {
                    change(random, conversation);
                    String living = conversation.prompt().items().toString();
                    Conversation resumed = agent.resume(conversation.id());
                    assertThat(resumed.prompt().items().toString())
                            .as("resumed, seed %s", seed)
                            .isEqualTo(living);
                    checkFolds(conversation, living, seed);
                    assertChained(log(conversation));
                }
            }
        }
    }

    private static Script script(java.util.Random random) {
        java.util.List<Script.Line> lines = new java.util.ArrayList<>();
        for (int i = 0; i < 40; i++) {
            lines.add(
                    switch (random.nextInt(3)) {
                        case 0 -> calls(Script.reasoning("r" + i), call("c" + i, "tell"));
                        case 1 -> calls(call("a" + i, "tell"), call("b" + i, "tell"));
                        default -> says("answer " + i);
                    });
            lines.add(says("so " + i));
        }
        return new Script(lines.toArray(Script.Line[]::new));
    }

    private void checkFolds(Conversation conversation, String living, long seed) {
        dev.agentloop.internal.log.Fold whole = dev.agentloop.internal.log.Log.foldOfAll(
                new dev.agentloop.internal.control.HostStore(store), conversation.id(), conversation.version());
        assertThat(whole.prompt().items().toString())
                .as("the whole log, seed %s", seed)
                .isEqualTo(living);
        dev.agentloop.internal.log.Fold based = dev.agentloop.internal.log.Log.foldOf(
                new dev.agentloop.internal.control.HostStore(store), conversation.id(), conversation.version());
        assertThat(based.named()).as("names, seed %s", seed).isEqualTo(whole.named());
        assertThat(dev.agentloop.internal.Json.objectText(based::write))
                .as("state, seed %s", seed)
                .isEqualTo(dev.agentloop.internal.Json.objectText(whole::write));
    }

    private void change(java.util.Random random, Conversation conversation) {
        try {
            switch (random.nextInt(6)) {
                case 0 -> conversation.pin("p" + random.nextInt(2), Item.user("pinned " + random.nextInt(100)));
                case 1 -> conversation.compact(RunOptions.DEFAULT);
                case 2 -> conversation.undoCompaction();
                case 3, 4 -> {
                    List<LogEntry> items = log(conversation).stream()
                            .filter(entry -> entry.kind().startsWith("item.")
                                    || entry.kind().equals("epoch.window"))
                            .toList();
                    conversation.redact(items.get(random.nextInt(items.size())).version(), "");
                }
                default -> conversation.run("next " + random.nextInt(100) + " words ".repeat(50));
            }
        } catch (IllegalStateException | IllegalArgumentException | InterruptedException e) {
            assertThat(e)
                    .hasMessageMatching(
                            "(?s).*(not shortened|was never compacted|holds any more|nothing of its own).*");
        }
    }

    @Test
    void forkThatCannotBeWritten_leavesNothing() {
        boolean[] full = {false};
        ConversationStore failing = new ForwardingStore(store) {
            @Override
            public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
                if (full[0]) {
                    throw new StoreException(StoreException.Kind.UNAVAILABLE, "full");
                }
                return super.append(conversation, expected, entries);
            }
        };
        try (AgentLoop agent = agent(new Script(says("a"))).store(failing).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            full[0] = true;
            assertThatThrownBy(() -> agent.fork(conversation.id(), 3)).hasMessage("full");
            assertThat(store.list("", 10)).hasSize(1);
        }
    }

    @Test
    void outputThatTheServerSendsForOurCall_isLeftOut() {
        Item output = Script.item("{\"type\":\"function_call_output\",\"call_id\":\"1\",\"output\":\"the server's\"}");
        Script script = new Script(calls(call("1", "tell"), output), says("done"));
        try (AgentLoop agent = agent(script, telling).build()) {
            run(agent.newConversation(), "x");
        }
        assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:" + SECRET);
        assertThat(events(AgentEvent.Warning.class))
                .extracting(AgentEvent.Warning::text)
                .containsExactly(
                        "the server has sent an output of its own for call 1, which this agent answers; it is left out");
    }

    @Test
    void sealedConversation_canBeRead_andNotContinued() {
        try (AgentLoop agent = agent(new Script(says("a"))).build()) {
            Conversation conversation = agent.newConversation();
            run(conversation, "x");
            conversation.seal("closed by the user");
            assertThatThrownBy(() -> run(conversation, "y"))
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("was ended for good at version " + conversation.version());
            assertThat(agent.resume(conversation.id()).prompt().items()).isNotEmpty();
        }
    }
}
