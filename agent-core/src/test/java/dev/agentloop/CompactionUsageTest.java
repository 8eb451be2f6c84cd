package dev.agentloop;

import static dev.agentloop.Script.item;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Log;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.MemoryStore;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a compaction has used counts, also where it came to nothing. */
class CompactionUsageTest {
    private static final Usage PAID = Usage.reported(900, 800, 0, 40, 0);
    private static final Item REFUSAL = item("{\"type\":\"message\",\"id\":\"msg_1\",\"role\":\"assistant\","
            + "\"content\":[{\"type\":\"refusal\",\"refusal\":\"No.\"}]}");

    private final ConversationStore store = new MemoryStore();

    /** A compaction that fails after it was paid for. */
    private record Row(String what, Script.Line answer, Function<Model, Compactor> compactor) {
        @Override
        public String toString() {
            return what;
        }
    }

    static Stream<Row> paidAndRejected() {
        return Stream.of(
                new Row("empty summary", paid(ModelResponse.of(List.of(message(" ")), PAID)), Compactor::summary),
                new Row("refused summary", paid(ModelResponse.of(List.of(REFUSAL), PAID)), Compactor::summary),
                new Row(
                        "incomplete summary",
                        paid(new ModelResponse("", List.of(message("It wa")), PAID, "max_output_tokens", true)),
                        Compactor::summary),
                new Row(
                        "summary that is too long",
                        paid(ModelResponse.of(List.of(message("long ".repeat(4_000))), PAID)),
                        Compactor::summary),
                new Row(
                        "no compaction item",
                        paid(ModelResponse.of(List.of(message("What?")), PAID)),
                        Compactor::trigger));
    }

    private static Script.Line paid(ModelResponse response) {
        return (prompt, listener) -> response;
    }

    private Conversation compactedInVain(Script script, Function<Model, Compactor> compactor) {
        try (AgentLoop agent = AgentLoop.builder()
                .model(script)
                .compactor(compactor.apply(script))
                .store(store)
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("go " + "far ".repeat(1_000));
            conversation.run("go on");
            assertThatThrownBy(() -> conversation.compact(RunOptions.DEFAULT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("nothing was changed");
            return conversation;
        }
    }

    private Usage total(Conversation conversation) {
        return Log.load(new HostStore(store), conversation.id()).fold().total();
    }

    @ParameterizedTest
    @MethodSource("paidAndRejected")
    void compactionThatWasPaidForAndRejected_countsAsReported(Row row) {
        Conversation conversation =
                compactedInVain(new Script(says("so far"), says("farther"), row.answer()), row.compactor());

        assertThat(total(conversation))
                .isEqualTo(Usage.reported(200, 0, 0, 20, 0).plus(PAID));
        List<LogEntry> log = store.read(conversation.id(), 0, 1_000);
        assertThat(log.get(log.size() - 1).toString()).contains("compaction.failed");
        assertThat(new String(log.get(log.size() - 1).content(), java.nio.charset.StandardCharsets.UTF_8))
                .contains("\"usage\":{\"input_tokens\":900,\"cached_tokens\":800,\"cache_write_tokens\":0,"
                        + "\"output_tokens\":40,\"reasoning_tokens\":0,\"estimated\":false}");
    }

    @Test
    void summaryThatBreaksOff_countsAsAnEstimate() {
        Script script = new Script(says("so far"), says("farther"), Script.breaksAfter(message("Some words. ")));
        Conversation conversation = compactedInVain(script, Compactor::summary);

        Usage expected = Usage.estimate(
                script.prompts.get(2).length(), message("Some words. ").bytes().remaining());
        assertThat(total(conversation))
                .isEqualTo(Usage.reported(200, 0, 0, 20, 0).plus(expected));
        assertThat(total(conversation).estimated()).isTrue();
    }

    @Test
    void summaryThatIsTriedAgainAfterItBrokeOff_countsBothTries() {
        ModelException broke =
                ModelException.of(ModelException.Kind.TRANSPORT, "broke").build();
        Script script = new Script(says("so far"), says("farther"), (prompt, listener) -> {
            listener.onDelta(Model.DeltaKind.TEXT, "Some words");
            listener.onRetry(1, Duration.ZERO, broke);
            return ModelResponse.of(List.of(), PAID);
        });
        Conversation conversation = compactedInVain(script, Compactor::summary);

        Usage broken = Usage.estimate(script.prompts.get(2).length(), "Some words".length());
        assertThat(total(conversation))
                .isEqualTo(Usage.reported(200, 0, 0, 20, 0).plus(broken).plus(PAID));
    }

    @Test
    void requestThatIsRefused_countsNothing() {
        Conversation conversation = compactedInVain(
                new Script(says("so far"), says("farther"), Script.fails(ModelException.Kind.RATE_LIMIT)),
                Compactor::trigger);

        assertThat(total(conversation)).isEqualTo(Usage.reported(200, 0, 0, 20, 0));
    }

    /** A compactor of a host's with a fault. */
    private record Faulty(Offer offer) implements Compactor {
        @Override
        public String name() {
            return "faulty";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.of(offer);
        }

        @Override
        public Window compact(Task task) {
            throw new IllegalStateException("a fault of the host's");
        }
    }

    @Test
    void compactorWithAFault_countsWhatItOffered() {
        Script script = new Script(says("so far"), says("farther"), says("so far"), says("farther"));
        Compactor.Offer offer = new Compactor.Offer(1_000, 900, 50);

        assertThat(total(compactedInVain(script, model -> new Faulty(offer))))
                .isEqualTo(new Usage(1_200, 900, 0, 70, 0, true));
        assertThat(total(compactedInVain(script, model -> new Faulty(Compactor.Offer.FREE))))
                .as("nothing is estimated of what is free")
                .isEqualTo(Usage.reported(200, 0, 0, 20, 0));
    }
}
