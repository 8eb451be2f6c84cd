package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.message;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.MemoryStore;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a person saw of an answer is in the log before the answer is whole, and where it never becomes so. */
@Timeout(60)
class PartialAnswerTest extends LoopFixture {
    private static final Usage USED = Usage.reported(100, 0, 0, 10, 0);
    private static final RetryPolicy ONCE_MORE = new RetryPolicy(1, 1, Duration.ofMillis(1), Duration.ofMillis(1));

    private final ConversationStore memory = new MemoryStore();
    private final CountDownLatch kept = new CountDownLatch(1);
    private Conversation conversation;

    /** Tells when something of an answer is durable. */
    private final class Watched extends ForwardingStore {
        Watched() {
            super(memory);
        }

        @Override
        public LogPosition append(String id, LogPosition expected, List<LogEntry> entries) {
            LogPosition position = super.append(id, expected, entries);
            if (entries.stream().anyMatch(entry -> entry.kind().equals("aside.partial"))) {
                kept.countDown();
            }
            return position;
        }
    }

    private Outcome run(Model model, Tool... tools) {
        return run(model, RunOptions.DEFAULT, tools);
    }

    private Outcome run(Model model, RunOptions options, Tool... tools) {
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .tools(tools)
                .store(new Watched())
                .build()) {
            conversation = agent.newConversation();
            return conversation.run("hello", options);
        }
    }

    private static void says(Model.Listener listener, String... pieces) {
        for (String piece : pieces) {
            listener.onDelta(Model.DeltaKind.TEXT, piece);
        }
    }

    private List<LogEntry> log() {
        return memory.read(conversation.id(), 0, 1_000);
    }

    private List<String> kinds() {
        return log().stream().map(LogEntry::kind).toList();
    }

    private List<String> partials() {
        return log().stream()
                .filter(entry -> entry.kind().equals("aside.partial"))
                .map(entry -> JsonFields.of(entry.content()).textOrEmpty("text"))
                .toList();
    }

    @Test
    void streamThatStalls_leavesWhatCame_andTheModelNeverSeesIt() {
        run(new Script((prompt, listener) -> {
            says(listener, "Hel", "lo");
            kept.await();
            says(listener, ", you");
            return ModelResponse.of(List.of(message("Hello, you")), USED);
        }));
        assertThat(String.join("", partials())).isEqualTo("Hello");
        assertThat(kinds()).endsWith("aside.partial", "item.model", "response", "turn.ended");
        try (AgentLoop agent =
                AgentLoop.builder().model(new Script()).store(memory).build()) {
            assertThat(agent.resume(conversation.id()).prompt().items())
                    .containsExactly(Item.user("hello"), message("Hello, you"));
        }
    }

    @Test
    void answerThatIsOverSoon_leavesNothing() {
        run(new Script((prompt, listener) -> {
            says(listener, "Hel", "lo");
            return ModelResponse.of(List.of(message("Hello")), USED);
        }));
        assertThat(partials()).isEmpty();
    }

    @Test
    void muchAtOnce_isWrittenAtOnce_andOnlyWhatIsTheAnswers() {
        String much = "so ".repeat(1_500);
        run(new Script((prompt, listener) -> {
            listener.onDelta(Model.DeltaKind.REASONING, "why ".repeat(2_000));
            listener.onDelta(Model.DeltaKind.ARGUMENTS, "{ } ".repeat(2_000));
            says(listener, much, "and more");
            return ModelResponse.of(List.of(message(much + "and more")), USED);
        }));
        assertThat(partials()).containsExactly(much);
    }

    @Test
    void brokenResponse_leavesAllThatCame_beforeItsEnd() {
        Script script = new Script((prompt, listener) -> {
            says(listener, "Hel", "lo");
            throw ModelException.of(ModelException.Kind.TRANSPORT, "cut").build();
        });
        assertThatThrownBy(() -> run(script)).hasMessageContaining("cut");
        assertThat(partials()).containsExactly("Hello");
        assertThat(kinds()).endsWith("aside.partial", "response.broken", "turn.ended");
    }

    @Test
    void eachTry_leavesWhatCameOfIt() {
        Script script = new Script(
                (prompt, listener) -> {
                    says(listener, "Hel");
                    throw ModelException.of(ModelException.Kind.TRANSPORT, "cut")
                            .build();
                },
                Script.says("Hello"));
        run(ONCE_MORE.around(script));
        assertThat(partials()).containsExactly("Hel");
        assertThat(kinds())
                .endsWith("item.user", "aside.partial", "response.broken", "item.model", "response", "turn.ended");
    }

    @Test
    void cancelledResponse_leavesAllThatCame() {
        Outcome outcome = run(
                new Script((prompt, listener) -> {
                    says(listener, "Hel", "lo");
                    new CountDownLatch(1).await();
                    throw new AssertionError();
                }),
                at(event -> {
                    if (event instanceof AgentEvent.Delta delta && delta.text().equals("lo")) {
                        conversation.cancel();
                    }
                }));
        assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
        assertThat(String.join("", partials())).startsWith("Hel");
        assertThat(kinds()).endsWith("aside.partial", "response.broken", "turn.ended");
    }

    @Test
    void redactedAnswer_takesItsPiecesAlong_andThoseOfTheTriesBefore() {
        run(ONCE_MORE.around(new Script(
                (prompt, listener) -> {
                    says(listener, "the canary");
                    throw ModelException.of(ModelException.Kind.TRANSPORT, "cut")
                            .build();
                },
                (prompt, listener) -> {
                    says(listener, "the canary ".repeat(500));
                    return ModelResponse.of(List.of(message("the canary")), USED);
                })));
        assertThat(partials()).hasSize(2);
        try (AgentLoop agent =
                AgentLoop.builder().model(new Script()).store(memory).build()) {
            agent.resume(conversation.id()).redact(1 + kinds().indexOf("item.model"), "asked for");
        }
        assertThat(log())
                .filteredOn(entry -> entry.payload() != null)
                .noneMatch(entry -> new String(entry.content(), StandardCharsets.UTF_8).contains("canary"));
    }

    @Test
    void messageThatIsInTheLog_isNotKeptTwice() {
        Script script = new Script(
                (prompt, listener) -> {
                    says(listener, "I look.");
                    listener.onItem(message("I look."));
                    listener.onItem(call("c1", "echo"));
                    says(listener, "And");
                    throw ModelException.of(ModelException.Kind.TRANSPORT, "cut")
                            .build();
                },
                Script.says("done"));
        run(script, TestTool.reads("echo", (call, context) -> ToolOutput.text("ok")));
        assertThat(partials()).containsExactly("And");
    }
}
