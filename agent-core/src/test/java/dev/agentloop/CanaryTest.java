package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.item;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.Place;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import dev.agentloop.stores.MemoryStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** A word is put in each place where words can stand, redacted, and looked for in every byte that the store has. */
class CanaryTest extends LoopFixture {
    private static final String CANARY = "canary7f3";
    private static final Set<Place> FOUND = EnumSet.noneOf(Place.class);

    @TempDir
    Path folder;

    /** One way in which the word comes into a conversation. */
    private record Way(String name, Script script, Talk talk, Place... places) {}

    private interface Talk {
        void in(World world) throws Exception;
    }

    /** A conversation in a store, and those forked from it. */
    private static final class World implements AutoCloseable {
        final ConversationStore store;
        final AgentLoop agent;
        final Conversation conversation;
        boolean due;

        World(ConversationStore store, Script script) {
            this.store = store;
            Tool tell = TestTool.reads("tell", (call, context) -> ToolOutput.text("it is " + CANARY));
            Tool tellAll =
                    TestTool.reads("tell_all", (call, context) -> ToolOutput.text((CANARY + "\n").repeat(9_000)));
            Tool write = TestTool.writes("write", (call, context) -> ToolOutput.text("written"));
            ApprovalPolicy policy = (call, tool) -> call.name().equals("write")
                    ? ApprovalPolicy.Decision.ask("may it do " + call.arguments() + "?")
                    : ApprovalPolicy.Decision.allow();
            RetryPolicy none = RetryPolicy.NEVER;
            this.agent = AgentLoop.builder()
                    .model(script)
                    .tools(List.of(tell, tellAll, write))
                    .approval(policy)
                    .compactor(new Shortening(() -> due))
                    .brokenResponses(none)
                    .store(store)
                    .build();
            this.conversation = agent.newConversation();
            conversation.append(List.of(Item.user("padding ".repeat(300))));
        }

        void compact(Conversation which) throws Exception {
            due = true;
            assertThat(which.compact(RunOptions.DEFAULT)).isPresent();
            due = false;
        }

        List<LogEntry> log(String id) {
            return store.read(id, 0, 10_000);
        }

        List<String> ids() {
            return store.list("", 100).stream()
                    .map(ConversationStore.Listed::conversation)
                    .toList();
        }

        @Override
        public void close() {
            agent.close();
            store.close();
        }
    }

    private static boolean quotes(LogEntry entry) {
        return entry.payload() != null && new String(entry.payload(), UTF_8).contains(CANARY);
    }

    private static Script.Line answers(Item... items) {
        return (prompt, listener) -> ModelResponse.of(List.of(items), Usage.reported(100, 0, 0, 10, 0));
    }

    private static Item refusal() {
        return item(
                "{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"refusal\",\"refusal\":\"about "
                        + CANARY + " I cannot\"}]}");
    }

    private static Item written() {
        return Item.functionCall("w", "write", "{\"text\":\"" + CANARY + "\"}");
    }

    private static List<Way> ways() {
        return Stream.of(
                        saidByPeopleWays(),
                        callsWays(),
                        aroundCallsWays(),
                        keptWays(),
                        quotedWays(),
                        halfWays(),
                        sharedWays())
                .flatMap(List::stream)
                .toList();
    }

    private static List<Way> saidByPeopleWays() {
        return List.of(
                new Way(
                        "user",
                        new Script(says("noted"), says("on")),
                        w -> w.conversation.run("it is " + CANARY),
                        Place.ITEM),
                new Way("refusal", new Script(answers(refusal())), w -> w.conversation.run("x"), Place.ITEM),
                new Way(
                        "answer, only in the state of a window",
                        new Script(says("It is " + CANARY)),
                        w -> {
                            w.conversation.run("x");
                            w.conversation.append(List.of(Item.user("padding ".repeat(300))));
                            w.compact(w.conversation);
                        },
                        Place.ITEM));
    }

    private static List<Way> callsWays() {
        return List.of(
                new Way(
                        "arguments",
                        new Script(calls(written()), says("done")),
                        w -> {
                            Outcome.AwaitingApproval outcome = (Outcome.AwaitingApproval) w.conversation.run("x");
                            w.conversation.approve(outcome.pending().get(0));
                            w.conversation.run(RunOptions.DEFAULT);
                            w.compact(w.conversation);
                        },
                        Place.ITEM,
                        Place.QUESTION),
                new Way(
                        "output",
                        new Script(calls(call("1", "tell")), says("done")),
                        w -> w.conversation.run("x"),
                        Place.ITEM));
    }

    private static List<Way> aroundCallsWays() {
        return List.of(
                new Way(
                        "long output",
                        new Script(calls(call("1", "tell_all")), says("done")),
                        w -> {
                            w.conversation.run("x");
                            w.compact(w.conversation);
                        },
                        Place.ITEM,
                        Place.WHOLE_OUTPUT),
                new Way(
                        "reason",
                        new Script(calls(call("1", "write")), says("done")),
                        w -> {
                            w.conversation.run("x");
                            w.conversation.deny("1", "because of " + CANARY);
                            w.conversation.run(RunOptions.DEFAULT);
                        },
                        Place.ITEM,
                        Place.DECISION));
    }

    private static List<Way> keptWays() {
        return List.of(
                new Way(
                        "reasoning",
                        new Script(answers(Script.reasoning(CANARY), Script.message("done"))),
                        w -> w.conversation.run("x"),
                        Place.ITEM),
                new Way(
                        "pin",
                        new Script(says("done")),
                        w -> {
                            w.conversation.run("x");
                            w.conversation.pin("fact", Item.user("it is " + CANARY));
                            w.compact(w.conversation);
                        },
                        Place.ITEM,
                        Place.WINDOW),
                new Way(
                        "steering",
                        new Script((prompt, listener) -> says("first").answer(prompt, listener), says("second")),
                        w -> {
                            w.conversation.run("x");
                            w.store.leave(
                                    w.conversation.id(),
                                    InboxMessage.of(
                                            "later",
                                            "input",
                                            ("{\"items\":[" + Item.user(CANARY).json() + "]}").getBytes(UTF_8)));
                            w.conversation.run(RunOptions.DEFAULT);
                        },
                        Place.ITEM));
    }

    private static List<Way> quotedWays() {
        return List.of(new Way(
                "a server that quotes it",
                new Script(
                        (prompt, listener) -> {
                            listener.onItem(Script.message("half"));
                            throw ModelException.of(
                                            ModelException.Kind.INVALID_REQUEST, "do not say " + CANARY + " here")
                                    .build();
                        },
                        says("on")),
                w -> assertThatThrownBy(() -> w.conversation.run("say " + CANARY))
                        .isInstanceOf(ModelException.class),
                Place.ITEM,
                Place.ENDING));
    }

    private static List<Way> halfWays() {
        return List.of(new Way(
                "partial answer",
                new Script(says("It is " + CANARY)),
                w -> {
                    w.conversation.run("x");
                    LogEntry answer = w.log(w.conversation.id()).stream()
                            .filter(CanaryTest::quotes)
                            .findFirst()
                            .orElseThrow();
                    // As the log of a run that told it while the answer came.
                    String other = "00000000-0000-7000-8000-00000000000a";
                    LogEntry before = w.store
                            .read(w.conversation.id(), answer.version() - 2, 1)
                            .get(0);
                    w.store.fork(w.conversation.id(), before.position(), other);
                    Log log = Log.load(new HostStore(w.store), other);
                    log.add(new Entry("aside.partial", Json.object(out -> out.text("text", "It is " + CANARY))));
                    log.add(new Entry(answer.kind(), answer.content()));
                    log.add(Entry.response(ModelResponse.of(List.of(), Usage.NONE), java.time.Instant.EPOCH));
                    log.add(Entry.turnEnded("Finished", "", Usage.NONE, 1, java.time.Instant.EPOCH));
                    log.commit();
                    w.agent
                            .resume(other)
                            .redact(
                                    w.log(other).stream()
                                            .filter(e -> e.kind().equals("item.model"))
                                            .findFirst()
                                            .orElseThrow()
                                            .version(),
                                    "");
                },
                Place.ITEM,
                Place.PARTIAL));
    }

    private static List<Way> sharedWays() {
        return List.of(new Way(
                "forks",
                new Script(says("noted")),
                w -> {
                    w.conversation.run("it is " + CANARY);
                    Conversation fork = w.agent.fork(w.conversation.id(), w.conversation.version());
                    fork.append(List.of(Item.user("more ".repeat(300))));
                    w.compact(fork);
                    Conversation forkOfFork = w.agent.fork(fork.id(), fork.version());
                    w.agent.fork(fork.id(), fork.version() - 2);
                    w.compact(w.conversation);
                    forkOfFork.undoCompaction();
                },
                Place.ITEM,
                Place.WINDOW));
    }

    @TestFactory
    Stream<DynamicTest> word_isInNoByteAfterItsRedaction() {
        List<DynamicTest> tests = new ArrayList<>();
        for (String kind : List.of("memory", "files")) {
            for (Way way : ways()) {
                tests.add(dynamicTest(way.name() + " in " + kind, () -> {
                    Path files = folder.resolve(way.name().replaceAll("[^a-z]", "-"));
                    try (World world =
                            new World(kind.equals("memory") ? new MemoryStore() : new FileStore(files), way.script())) {
                        way.talk().in(world);
                        redact(world, way);
                        assertGone(world, files);
                        assertUsable(world);
                        assertGone(world, files);
                    }
                }));
            }
        }
        tests.add(dynamicTest("all places were found", () -> {
            Set<Place> all = EnumSet.allOf(Place.class);
            all.remove(Place.NOWHERE);
            assertThat(FOUND).isEqualTo(all);
        }));
        return tests.stream();
    }

    // What says the word is one thing, so one redaction has it.
    private static void redact(World world, Way way) {
        String id = world.conversation.id();
        List<LogEntry> all = world.log(id);
        if (!way.name().startsWith("partial")) {
            for (Place place : way.places()) {
                assertThat(world.ids().stream().flatMap(each -> world.log(each).stream()))
                        .as("the word is in a place of the kind %s", place)
                        .anyMatch(entry -> Place.of(entry.kind()) == place && quotes(entry));
            }
        }
        FOUND.addAll(List.of(way.places()));
        Optional<LogEntry> item = all.stream()
                .filter(entry -> entry.kind().startsWith("item.") && quotes(entry))
                .findFirst();
        world.conversation.redact(item.orElseThrow().version(), "a test");
    }

    private static void assertGone(World world, Path files) throws IOException {
        for (String id : world.ids()) {
            assertThat(world.log(id)).as("the log of %s", id).noneMatch(CanaryTest::quotes);
            assertThat(world.store.inbox(id))
                    .noneMatch(message -> new String(message.payload(), UTF_8).contains(CANARY));
            assertThat(world.agent.resume(id).prompt().items().toString()).doesNotContain(CANARY);
        }
        if (Files.exists(files)) {
            try (Stream<Path> found = Files.walk(files)) {
                for (Path file : found.filter(Files::isRegularFile).toList()) {
                    assertThat(new String(Files.readAllBytes(file), UTF_8))
                            .as("%s", file)
                            .doesNotContain(CANARY);
                }
            }
        }
    }

    // It is shown at each version, forked, run, compacted, and the compaction is taken back.
    private static void assertUsable(World world) throws Exception {
        try (AgentLoop agent = AgentLoop.builder()
                .model(new Script(Collections.nCopies(100, says("on")).toArray(Script.Line[]::new)))
                .compactor(new Shortening(() -> true))
                .store(world.store)
                .build()) {
            for (String id : world.ids()) {
                Conversation conversation = agent.resume(id);
                for (long version = 1; version <= conversation.version(); version++) {
                    Log.foldOf(new HostStore(world.store), id, version);
                    Log.foldOfAll(new HostStore(world.store), id, version);
                }
                Conversation fork = agent.fork(id, conversation.version());
                fork.run("more of it ".repeat(300));
                fork.run("and more");
                String before = fork.prompt().items().toString();
                assertThat(fork.compact(RunOptions.DEFAULT)).isPresent();
                assertThat(agent.resume(fork.id()).compactions()).isNotEmpty();
                fork.undoCompaction();
                assertThat(agent.resume(fork.id()).prompt().items().toString()).isEqualTo(before);
                assertThat(fork.promptAt(fork.version()).items().toString()).isEqualTo(before);
            }
        }
    }

    /** Says the word in place of what it leaves out. */
    private record Summing() implements Compactor {
        @Override
        public String name() {
            return "summing";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.of(Offer.FREE);
        }

        @Override
        public Window compact(Task task) {
            List<Item> items = new ArrayList<>(List.of(Item.user("In short: " + CANARY)));
            items.addAll(task.items(task.kept()));
            return Window.built(items, Usage.NONE);
        }
    }

    @Test
    void summary_isRedactedByTheVersionOfItsWindow() throws Exception {
        MemoryStore memory = new MemoryStore();
        try (AgentLoop agent = agent(new Script(says("a"), says("b")))
                .compactor(new Summing())
                .store(memory)
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("padding ".repeat(300))));
            conversation.run("x");
            conversation.compact(RunOptions.DEFAULT);
            long window = conversation.compactions().get(0).version();
            conversation.run("y");
            Conversation fork = agent.fork(conversation.id(), conversation.version());
            fork.redact(window, "a summary that says too much");
            for (String id : List.of(conversation.id(), fork.id())) {
                assertThat(memory.read(id, 0, 1_000)).noneMatch(CanaryTest::quotes);
                assertThat(agent.resume(id).prompt().items().toString())
                        .doesNotContain(CANARY)
                        .contains("[redacted]");
            }
            assertThat(conversation.compactions()).hasSize(1);
        }
    }

    @Test
    void forkAtWork_learnsItBeforeItsNextRequest_asAnEpoch() {
        MemoryStore memory = new MemoryStore();
        Conversation[] source = new Conversation[1];
        long[] secret = new long[1];
        TestTool redacting = TestTool.reads("redact", (call, context) -> {
            source[0].redact(secret[0], "meanwhile");
            return ToolOutput.text("redacted");
        });
        Script script = new Script(says("noted"), calls(call("1", "redact")), says("done"));
        try (AgentLoop agent = agent(script, redacting).store(memory).build()) {
            source[0] = agent.newConversation();
            source[0].run("it is " + CANARY);
            secret[0] = memory.read(source[0].id(), 0, 100).stream()
                    .filter(CanaryTest::quotes)
                    .findFirst()
                    .orElseThrow()
                    .version();
            Conversation fork = agent.fork(source[0].id(), source[0].version());
            assertThat(fork.run("go on", RunOptions.listeningWith(events::add)).text())
                    .isEqualTo("done");
            assertThat(memory.inbox(fork.id())).isEmpty();
            assertThat(memory.read(fork.id(), 0, 1_000)).noneMatch(CanaryTest::quotes);
        }
        assertThat(script.inputs(2))
                .containsExactly("user:[redacted]", "assistant:noted", "user:go on", "call:1", "output:1:redacted");
        assertThat(events(AgentEvent.EpochStarted.class))
                .extracting(AgentEvent.EpochStarted::reason)
                .contains("redacted");
    }
}
