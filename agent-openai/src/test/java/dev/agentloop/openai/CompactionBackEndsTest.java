package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.USAGE;
import static dev.agentloop.openai.Events.completed;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.json;
import static dev.agentloop.openai.Replies.silence;
import static dev.agentloop.openai.Replies.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.Outcome;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.openai.RawServer.Reply;
import dev.agentloop.openai.RawServer.Request;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Each way to compact, broken in each way by a real server: the next one is taken, and the events say why. */
class CompactionBackEndsTest {
    private static final RetryPolicy QUICK = new RetryPolicy(1, 1, Duration.ofMillis(1), Duration.ofSeconds(2));
    private static final String LONG = "The forest is deep. ".repeat(800);
    /** As the endpoint gives a message of the user's back. */
    private static final String SAID =
            "{\"id\":\"msg_7\",\"type\":\"message\",\"status\":\"completed\",\"role\":\"user\","
                    + "\"content\":[{\"type\":\"input_text\",\"text\":\"go on\"}]}";

    private static final String SUMMARY = "They spoke of a forest.";

    enum BackEnd {
        ENDPOINT,
        TRIGGER,
        SUMMARY,
        /** No compactor of the host's: the server does it in the middle of a response. */
        SERVER;

        String called() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    enum Fault {
        WRONG("HTTP 400 (invalid_request_error): Wrong."),
        BROKEN("HTTP 500 (invalid_request_error): Oops."),
        TIMEOUT("sent no response within 1000 ms"),
        EMPTY(""),
        LARGER("tokens, and the prompt had"),
        FOREIGN("the server refused the compacted prompt");

        private final String cause;

        Fault(String cause) {
            this.cause = cause;
        }

        String cause(BackEnd backEnd) {
            if (this != EMPTY) {
                return cause;
            }
            return switch (backEnd) {
                case ENDPOINT -> "it is empty";
                case TRIGGER -> "asked for one compaction item and sent 0";
                default -> "the model wrote no summary";
            };
        }
    }

    record Row(BackEnd broken, Fault fault, BackEnd next) {
        @Override
        public String toString() {
            return broken.called() + ", " + fault.name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    // A summary has nothing that another server could not read.
    static Stream<Row> rows() {
        return Stream.of(BackEnd.ENDPOINT, BackEnd.TRIGGER, BackEnd.SUMMARY)
                .flatMap(broken -> Stream.of(Fault.values()).map(fault -> new Row(broken, fault, next(broken))))
                .filter(row -> row.broken() != BackEnd.SUMMARY || row.fault() != Fault.FOREIGN);
    }

    private static BackEnd next(BackEnd broken) {
        return broken == BackEnd.ENDPOINT ? BackEnd.TRIGGER : BackEnd.ENDPOINT;
    }

    /** Answers as the API does, but for the broken ways to compact. */
    private record Server(Set<BackEnd> broken, Fault fault) {
        Reply answer(Request request) {
            BackEnd asked = asked(request);
            if (asked != null && broken.contains(asked) && fault != Fault.FOREIGN) {
                return broken(asked);
            }
            if (asked != null) {
                return good(asked, compaction(broken.contains(asked) ? "FOREIGN" : "GOOD"), SUMMARY);
            }
            if (request.line().contains("/input_tokens")) {
                return error(404, "not_found", "There is none.");
            }
            return inference(request.text());
        }

        private static BackEnd asked(Request request) {
            if (request.line().contains("/responses/compact ")) {
                return BackEnd.ENDPOINT;
            }
            if (request.text().contains("compaction_trigger")) {
                return BackEnd.TRIGGER;
            }
            return request.text().contains("is about to be shortened") ? BackEnd.SUMMARY : null;
        }

        private Reply broken(BackEnd asked) {
            return switch (fault) {
                case WRONG -> error(400, "", "Wrong");
                case BROKEN -> error(500, "", "Oops");
                case TIMEOUT -> silence("");
                case EMPTY -> good(asked, "", "");
                default -> good(asked, compaction("L".repeat(2 * LONG.length())), LONG + LONG);
            };
        }

        private static Reply good(BackEnd asked, String compaction, String summary) {
            String[] items = compaction.isEmpty() ? new String[0] : new String[] {compaction};
            return switch (asked) {
                case ENDPOINT ->
                    json(
                            200,
                            "{\"id\":\"resp_9\",\"object\":\"response.compaction\",\"created_at\":1,\"output\":["
                                    + (compaction.isEmpty() ? "" : SAID + "," + compaction) + "]," + USAGE + "}");
                case TRIGGER -> stream(CREATED + (items.length == 0 ? "" : done(0, compaction)) + completed(items));
                default -> stream(saying(summary));
            };
        }

        private Reply inference(String body) {
            if (body.contains("FOREIGN")) {
                return error(400, "invalid_encrypted_content", "The encrypted content could not be verified.");
            }
            if (body.contains("go on")) {
                return stream(saying("Done"));
            }
            if (!body.contains("once more")) {
                return stream(counted(saying(LONG), 1_000));
            }
            String own = Events.message("Short.");
            boolean compacts = broken.contains(BackEnd.SERVER);
            String both = CREATED + done(0, own) + done(1, compaction("FOREIGN"));
            return stream(counted(compacts ? both + completed(own, compaction("FOREIGN")) : saying("Short."), 3_800));
        }

        private static String counted(String events, int tokens) {
            return events.replace("\"input_tokens\":75", "\"input_tokens\":" + tokens);
        }
    }

    private static String compaction(String encrypted) {
        return "{\"id\":\"cmp_1\",\"type\":\"compaction\",\"encrypted_content\":\"" + encrypted + "\"}";
    }

    /** Two answers that fill the context nearly, and then a third message. */
    private static final class Talk implements AutoCloseable {
        private final RawServer server;
        private final AgentLoop agent;
        private final Conversation conversation;
        private final List<AgentEvent> events = Collections.synchronizedList(new ArrayList<>());

        Talk(Server answers, List<BackEnd> order) throws IOException {
            server = RawServer.answering(answers::answer);
            OpenAiModel model = OpenAiModel.builder("gpt-5.1")
                    .baseUrl(server.baseUrl())
                    .settings(settings -> settings.contextWindow(4_000))
                    .idleTimeout(Duration.ofSeconds(answers.fault() == Fault.TIMEOUT ? 1 : 30))
                    .retries(QUICK)
                    .build();
            agent = AgentLoop.builder()
                    .model(model)
                    .brokenResponses(QUICK)
                    .compactor(Compactor.firstOf(order.stream()
                            .map(backEnd -> compactor(backEnd, model))
                            .toArray(Compactor[]::new)))
                    .build();
            conversation = agent.newConversation();
            conversation.run("hi");
            conversation.run("once more", RunOptions.DEFAULT.withListener(events::add));
        }

        private static Compactor compactor(BackEnd backEnd, OpenAiModel model) {
            return switch (backEnd) {
                case ENDPOINT -> model.compactor();
                case TRIGGER -> Compactor.trigger(model);
                default -> Compactor.summary(model);
            };
        }

        Outcome goOn() {
            return conversation.run("go on", RunOptions.DEFAULT.withListener(events::add));
        }

        List<String> story() {
            List<String> story = new ArrayList<>();
            for (AgentEvent event : List.copyOf(events)) {
                if (event instanceof AgentEvent.CompactionFailed failed) {
                    story.add("failed " + failed.by());
                } else if (event instanceof AgentEvent.Compacted compacted) {
                    story.add("compacted " + compacted.by());
                }
            }
            return story;
        }

        List<String> causes() {
            return events.stream()
                    .filter(AgentEvent.CompactionFailed.class::isInstance)
                    .map(event -> ((AgentEvent.CompactionFailed) event).cause())
                    .toList();
        }

        String lastRequest() {
            return server.bodies().get(server.bodies().size() - 1);
        }

        @Override
        public void close() throws IOException {
            agent.close();
            server.close();
        }
    }

    @ParameterizedTest
    @MethodSource("rows")
    void backEndIsBroken_theNextOneIsTakenAndTheEventsSayWhy(Row row) throws IOException {
        try (Talk talk =
                new Talk(new Server(EnumSet.of(row.broken()), row.fault()), List.of(row.broken(), row.next()))) {
            Outcome outcome = talk.goOn();

            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            List<String> story = new ArrayList<>();
            if (row.fault() == Fault.FOREIGN) {
                story.add("compacted " + row.broken().called());
            }
            story.add("failed " + row.broken().called());
            story.add("compacted " + row.next().called());
            assertThat(talk.story()).isEqualTo(story);
            assertThat(talk.causes().get(0)).contains(row.fault().cause(row.broken()));
            assertThat(talk.lastRequest()).contains(compaction("GOOD"), "go on").doesNotContain(LONG, "FOREIGN");
            assertThat(talk.server.failures()).isEmpty();
        }
    }

    @Test
    void endpointAndTrigger_stateWhatTheyCost_andTheTriggerIsTheCheaperOne() throws IOException {
        Limits.Prices prices = Limits.Prices.of(2, 0.2, 2.5, 10);
        List<BackEnd> order = List.of(BackEnd.ENDPOINT, BackEnd.TRIGGER);
        try (Talk talk = new Talk(new Server(EnumSet.copyOf(order), Fault.WRONG), order)) {
            Outcome outcome = talk.goOn();

            assertThat(outcome).isInstanceOf(Outcome.Stopped.class);
            List<AgentEvent.CompactionStarted> stated = talk.events.stream()
                    .filter(AgentEvent.CompactionStarted.class::isInstance)
                    .map(AgentEvent.CompactionStarted.class::cast)
                    .toList();
            assertThat(stated).extracting(AgentEvent.CompactionStarted::by).containsExactly("endpoint", "trigger");
            Compactor.Offer endpoint = stated.get(0).offer();
            Compactor.Offer trigger = stated.get(1).offer();
            assertThat(endpoint.inputTokens()).isEqualTo(trigger.inputTokens()).isGreaterThan(3_600);
            assertThat(endpoint.cachedTokens())
                    .as("its request has another shape")
                    .isZero();
            assertThat(trigger.cachedTokens()).as("it stands behind the prompt").isEqualTo(trigger.inputTokens());
            assertThat(prices.cost(trigger.usage())).isLessThan(prices.cost(endpoint.usage()));
        }
    }

    @Test
    void serversOwnCompactionIsForeign_isTakenBackAndTheNextOneIsTaken() throws IOException {
        try (Talk talk = new Talk(new Server(EnumSet.of(BackEnd.SERVER), Fault.FOREIGN), List.of(BackEnd.ENDPOINT))) {
            Outcome outcome = talk.goOn();

            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            assertThat(talk.story()).containsExactly("compacted server", "failed server", "compacted endpoint");
            assertThat(talk.causes().get(0)).startsWith("the server refused the compacted prompt: ");
            assertThat(talk.lastRequest()).contains(compaction("GOOD"), "go on").doesNotContain(LONG, "FOREIGN");
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void allBackEndsAreBroken_theRunIsStoppedAndTheConversationIsIntact(Fault fault) throws IOException {
        List<BackEnd> order = new ArrayList<>(List.of(BackEnd.ENDPOINT, BackEnd.TRIGGER));
        if (fault != Fault.FOREIGN) {
            order.add(BackEnd.SUMMARY);
        }
        try (Talk talk = new Talk(new Server(EnumSet.copyOf(order), fault), order)) {
            List<Item> before = List.copyOf(talk.conversation.prompt().items());

            Outcome outcome = talk.goOn();

            assertThat(outcome).isInstanceOf(Outcome.Stopped.class);
            assertThat(((Outcome.Stopped) outcome).reason()).isEqualTo(Outcome.Reason.COMPACTION_FAILED);
            for (BackEnd backEnd : order) {
                assertThat(((Outcome.Stopped) outcome).detail())
                        .contains(backEnd.called() + ": ", fault.cause(backEnd));
            }
            assertThat(talk.causes()).hasSize(order.size());
            List<Item> expected = new ArrayList<>(before);
            expected.add(Item.user("go on"));
            assertThat(talk.conversation.prompt().items()).isEqualTo(expected);
        }
    }
}
