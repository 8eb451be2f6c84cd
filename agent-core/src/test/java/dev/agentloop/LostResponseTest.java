package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.MemoryStore;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a response was paid for that no process heard the end of: counted once, estimated, wherever the log ends. */
@Timeout(60)
class LostResponseTest extends LoopFixture {
    private static final Usage USED = Usage.reported(100, 0, 0, 10, 0);

    private final ConversationStore memory = new MemoryStore();
    private final Set<Long> askedAt = new TreeSet<>();
    private String id = "";
    private final AtomicInteger broke = new AtomicInteger();

    /** Notes where the log stood when it was asked. */
    private final class Noting implements Model {
        private final Model script;

        Noting(Model script) {
            this.script = script;
        }

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("m").contextWindow(2_000).build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            // The log says that one broke soon after the next has begun.
            await().until(() -> broken(memory, id, 0).size() == broke.get());
            long version = memory.head(id).orElseThrow().version();
            askedAt.add(version);
            try {
                return script.respond(prompt, listener);
            } catch (ModelException e) {
                broke.incrementAndGet();
                throw e;
            }
        }
    }

    private static final TestTool TOOL = TestTool.reads("echo", (call, context) -> ToolOutput.text("ok"));

    /** A run with all that comes between a request and the next: calls, breaks, tries, nothing new, a compaction. */
    private void wholeRun() {
        Script script = new Script(
                calls(call("c1", "echo"), call("c2", "echo")),
                (prompt, listener) -> {
                    listener.onDelta(Model.DeltaKind.TEXT, "too ".repeat(2_000));
                    throw ModelException.of(ModelException.Kind.TRANSPORT, "cut")
                            .build();
                },
                (prompt, listener) -> {
                    listener.onItem(call("c3", "echo"));
                    throw ModelException.of(ModelException.Kind.TRANSPORT, "cut behind a call")
                            .build();
                },
                (prompt, listener) -> ModelResponse.of(List.of(), USED),
                (prompt, listener) -> ModelResponse.of(
                        List.of(message("long ".repeat(2_000)), call("c4", "echo")),
                        Usage.reported(1_990, 0, 0, 10, 0)),
                says("a summary"),
                says("done"));
        RetryPolicy soon = new RetryPolicy(1, 1, Duration.ofMillis(1), Duration.ofMillis(1));
        Model model = soon.around(new Noting(script));
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .brokenResponses(soon)
                .tools(TOOL)
                .compactor(Compactor.summary(new Noting(script)))
                .store(memory)
                .build()) {
            Conversation conversation = agent.newConversation();
            id = conversation.id();
            assertThat(conversation.run("hello").text()).isEqualTo("done");
        }
    }

    /** A store with the first entries of a log, as a crash leaves it. */
    private ConversationStore cut(List<LogEntry> whole, int version) {
        ConversationStore store = new MemoryStore();
        store.append(id, LogPosition.START, whole.subList(0, version));
        return store;
    }

    private static List<LogEntry> broken(ConversationStore store, String id, long after) {
        return store.read(id, after, 1_000).stream()
                .filter(entry -> entry.kind().equals("response.broken"))
                .toList();
    }

    private Outcome resume(ConversationStore store) {
        try (AgentLoop agent = AgentLoop.builder()
                .model(new Script(says("gone on")))
                .tools(TOOL)
                .store(store)
                .build()) {
            return agent.resume(id).run(RunOptions.DEFAULT);
        }
    }

    @Test
    void logThatEndsAnywhere_countsTheRequestThatWasUnderWay_once() {
        wholeRun();
        List<LogEntry> whole = memory.read(id, 0, 1_000);
        assertThat(askedAt).hasSizeGreaterThan(5);
        int counted = 0;
        for (int version = 4; version < whole.size(); version++) {
            ConversationStore store = cut(whole, version);
            Outcome outcome = resume(store);
            List<LogEntry> lost = broken(store, id, version);
            String where = "a log that ends after version " + version + ", " + whole.get(version - 1);
            if (underWay(whole, version)) {
                assertThat(lost).as(where).hasSize(1);
            } else if (!lost.isEmpty()) {
                assertThat(isAskedNext(whole, version)).as(where).isTrue();
            }
            if (!lost.isEmpty()) {
                counted++;
                Usage usage = usage(lost.get(0));
                assertThat(usage.input()).as(where).isPositive();
                assertThat(usage.estimated()).as(where).isTrue();
                assertThat(outcome.usage().input()).as(where).isGreaterThanOrEqualTo(usage.input());
            }
            assertThat(outcome.summary().total()).as(where).isEqualTo(sum(store));
            resume(store);
            assertThat(broken(store, id, version)).as(where + ", run twice").hasSameSizeAs(lost);
        }
        assertThat(counted).isGreaterThan(5);
    }

    /** Whether a request of the loop was sent by then, and neither answered nor broken. */
    private boolean underWay(List<LogEntry> whole, int version) {
        long asked = askedAt.stream()
                .filter(at -> at <= version && !isOfCompaction(whole, at))
                .mapToLong(at -> at)
                .max()
                .orElse(Long.MAX_VALUE);
        return asked <= version && kinds(whole, asked, version).noneMatch(kind -> kind.startsWith("response"));
    }

    /** Whether the loop did nothing more than to ask: when a process dies just before, no log can tell. */
    private boolean isAskedNext(List<LogEntry> whole, int version) {
        long asks = askedAt.stream()
                .filter(at -> at >= version && !isOfCompaction(whole, at))
                .mapToLong(at -> at)
                .min()
                .orElse(Long.MAX_VALUE);
        return asks < Long.MAX_VALUE
                && kinds(whole, version, asks)
                        .noneMatch(kind -> kind.startsWith("response") || kind.equals("item.output"));
    }

    private static boolean isOfCompaction(List<LogEntry> whole, long version) {
        return whole.get((int) version - 1).kind().equals("compaction.begun");
    }

    private static Stream<String> kinds(List<LogEntry> whole, long after, long upTo) {
        return whole.subList((int) after, (int) upTo).stream().map(LogEntry::kind);
    }

    private static Usage usage(LogEntry entry) {
        JsonFields usage = Objects.requireNonNull(JsonFields.of(entry.content()).inner("usage"));
        return new Usage(
                usage.number("input_tokens", 0),
                usage.number("cached_tokens", 0),
                0,
                usage.number("output_tokens", 0),
                0,
                usage.flag("estimated", false));
    }

    /** What the log's page says that was used. */
    private Usage sum(ConversationStore store) {
        Usage sum = Usage.NONE;
        Usage compaction = Usage.NONE;
        for (LogEntry entry : store.read(id, 0, 1_000)) {
            switch (entry.kind()) {
                case "response", "response.broken" -> sum = sum.plus(usage(entry));
                case "compaction.begun" -> compaction = usage(entry);
                case "compaction.failed", "epoch.window" -> {
                    sum = sum.plus(usage(entry));
                    compaction = Usage.NONE;
                }
                case "turn.begun", "turn.ended" -> {
                    sum = sum.plus(compaction);
                    compaction = Usage.NONE;
                }
                default -> {}
            }
        }
        return sum;
    }

    @Test
    void pieces_ofTheAnswer_areTheEstimateOfItsOutput() {
        String text = "so ".repeat(3_000);
        try (AgentLoop agent = AgentLoop.builder()
                .model(new Script((prompt, listener) -> {
                    listener.onDelta(Model.DeltaKind.TEXT, text);
                    throw ModelException.of(ModelException.Kind.TRANSPORT, "cut")
                            .build();
                }))
                .store(memory)
                .build()) {
            Conversation conversation = agent.newConversation();
            id = conversation.id();
            assertThatThrownBy(() -> conversation.run("hello")).hasMessageContaining("cut");
        }
        List<LogEntry> whole = memory.read(id, 0, 100);
        int partial = 1 + whole.stream().map(LogEntry::kind).toList().indexOf("aside.partial");
        ConversationStore store = cut(whole, partial);
        resume(store);
        assertThat(usage(broken(store, id, partial).get(0)).output()).isEqualTo((text.length() + 3) / 4);
    }

    @Test
    void fork_ofATurnThatIsUnderWay_paysNothing() {
        wholeRun();
        List<LogEntry> whole = memory.read(id, 0, 1_000);
        for (int version = 4; version < whole.size(); version++) {
            ConversationStore store = cut(whole, version);
            try (AgentLoop agent = AgentLoop.builder()
                    .model(new Script(says("gone on")))
                    .tools(TOOL)
                    .store(store)
                    .build()) {
                Conversation fork = agent.fork(id, version);
                fork.run(RunOptions.DEFAULT);
                assertThat(broken(store, fork.id(), version))
                        .as("a fork of version %d", version)
                        .allMatch(entry -> usage(entry).total() == 0);
            }
        }
    }

    @Test
    void runThatTheStoreEnded_isCounted_onlyWhereItHadAsked() {
        boolean[] down = {false};
        ConversationStore store = new ForwardingStore(memory) {
            @Override
            public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
                if (down[0]) {
                    throw new StoreException(StoreException.Kind.UNAVAILABLE, "gone");
                }
                return super.append(conversation, expected, entries);
            }
        };
        Script script = new Script(
                (prompt, listener) -> {
                    down[0] = true;
                    return ModelResponse.of(List.of(message("lost")), USED);
                },
                says("one"),
                says("two"));
        try (AgentLoop agent = AgentLoop.builder().model(script).store(store).build()) {
            Conversation conversation = agent.newConversation();
            id = conversation.id();
            assertThatThrownBy(() -> conversation.run("hello")).hasMessage("gone");
            down[0] = false;
            conversation.run(RunOptions.DEFAULT);
            assertThat(broken(memory, id, 0)).hasSize(1);
            // The turn is begun, and then the store is gone again: nothing was asked.
            RunOptions failing = at(event -> down[0] |= event instanceof AgentEvent.RunStarted);
            assertThatThrownBy(() -> conversation.run("more", failing)).hasMessage("gone");
            down[0] = false;
            conversation.run("more");
            assertThat(broken(memory, id, 0)).hasSize(1);
        }
    }
}
