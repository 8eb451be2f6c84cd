package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.call;
import static dev.agentloop.openai.Events.completed;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.message;
import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.cut;
import static dev.agentloop.openai.Replies.stream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.ModelResponse;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Usage;
import dev.agentloop.openai.RawServer.Reply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The server compacts by itself, in the middle of a response. */
class ServerCompactionTest {
    private static final RetryPolicy QUICK = new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofSeconds(2));
    private static final String COMPACTION =
            "{\"id\":\"cmp_1\",\"type\":\"compaction\",\"encrypted_content\":\"gAAA\"}";
    private static final String HI = Item.user("Tell me of the forest.").json();

    private final List<AgentEvent> events = Collections.synchronizedList(new ArrayList<>());

    private static AgentLoop agent(RawServer server) {
        return AgentLoop.builder()
                .model(OpenAiModel.builder("gpt-5.1")
                        .baseUrl(server.baseUrl())
                        .settings(settings -> settings.serverCompaction(1_000))
                        .retries(QUICK)
                        .build())
                .brokenResponses(QUICK)
                .tools(new Look(), new Plan())
                .build();
    }

    private static final class Look implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("look", "looks", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("looked");
        }

        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }
    }

    private List<String> compactedBy() {
        return events.stream()
                .filter(AgentEvent.Compacted.class::isInstance)
                .map(event -> ((AgentEvent.Compacted) event).by())
                .toList();
    }

    private void run(Conversation conversation, String input) {
        conversation.run(input, RunOptions.DEFAULT.withListener(events::add));
    }

    @Test
    void responseCompactsAndCalls_windowBeginsWithTheItemOnceTheOutputIsThere() throws IOException {
        Reply calls = stream(CREATED
                + done(0, message("I look."))
                + done(1, COMPACTION)
                + done(2, call("c1", "{}"))
                + completed(message("I look."), COMPACTION, call("c1", "{}")));
        try (RawServer server = RawServer.answering(calls, stream(saying("Hello")));
                AgentLoop agent = agent(server)) {
            Conversation conversation = agent.newConversation();
            conversation.pin("fact", Item.developer("The password is swordfish."));
            run(conversation, "Tell me of the forest.");

            assertThat(server.bodies().get(0))
                    .contains("\"context_management\":[{\"type\":\"compaction\",\"compact_threshold\":1000}]");
            String pin = Item.developer("The password is swordfish.").json();
            assertThat(server.bodies().get(1))
                    .contains("\"input\":[" + COMPACTION + ",{\"type\":\"function_call\"")
                    .contains("looked", pin)
                    .doesNotContain(HI);
            assertThat(server.bodies().get(1).indexOf("looked"))
                    .isLessThan(server.bodies().get(1).indexOf(pin));
            assertThat(compactedBy()).containsExactly("server");
            assertThat(conversation.compactions()).singleElement().satisfies(compaction -> {
                assertThat(compaction.reason()).isEqualTo(Compactor.Reason.SERVER_THRESHOLD);
                assertThat(compaction.usage()).isEqualTo(Usage.NONE);
                assertThat(conversation.promptAt(compaction.version() - 1).items())
                        .contains(Item.user("Tell me of the forest."));
            });
        }
    }

    private static final class Plan implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("plan", "plans", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public boolean keptInCompaction() {
            return true;
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("planned");
        }

        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }
    }

    private static Reply calls(String... items) {
        StringBuilder events = new StringBuilder(CREATED);
        for (int i = 0; i < items.length; i++) {
            events.append(done(i, items[i]));
        }
        return stream(events + completed(items));
    }

    private static List<String> input(String body) {
        List<String> items = new ArrayList<>();
        for (JsonNode item : Recording.tree(body).path("input")) {
            items.add((item.path("type").asText() + " " + item.path("call_id").asText()).strip());
        }
        return items;
    }

    private static String plans(String id) {
        return call(id, "{}").replace("\"look\"", "\"plan\"");
    }

    @Test
    void responseCompacts_newestCallOfAToolThatIsKeptStandsBehindTheWindowOnce() throws IOException {
        try (RawServer server = RawServer.answering(
                        calls(plans("p1")),
                        calls(plans("p2")),
                        calls(COMPACTION, call("c1", "{}")),
                        calls(COMPACTION.replace("cmp_1", "cmp_2"), plans("p3")),
                        stream(saying("Hello")));
                AgentLoop agent = agent(server)) {
            run(agent.newConversation(), "Tell me of the forest. " + "It is deep. ".repeat(200));

            assertThat(compactedBy()).containsExactly("server", "server");
            assertThat(input(server.bodies().get(3)))
                    .containsExactly(
                            "compaction",
                            "function_call c1",
                            "function_call_output c1",
                            "function_call p2",
                            "function_call_output p2");
            assertThat(input(server.bodies().get(4)))
                    .containsExactly("compaction", "function_call p3", "function_call_output p3");
        }
    }

    @Test
    void responseWithTheItemBreaks_nothingIsChanged() throws IOException {
        Reply broken = cut(CREATED + done(0, COMPACTION) + done(1, call("c1", "{}")));
        try (RawServer server = RawServer.answering(broken, stream(saying("Hello")));
                AgentLoop agent = agent(server)) {
            run(agent.newConversation(), "Tell me of the forest.");

            assertThat(compactedBy()).isEmpty();
            assertThat(server.requests()).hasSize(2);
            String first = server.bodies().get(0);
            assertThat(server.bodies().get(1)).startsWith(first.substring(0, first.lastIndexOf("],")));
        }
    }

    @Test
    void processEndedBetweenTheResponseAndItsEntry_nextRunMakesTheEntry() throws IOException {
        try (RawServer server = RawServer.answering(stream(saying("Hello")));
                AgentLoop agent = agent(server)) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("Tell me of the forest.")));
            // What is in the log then: the whole response, and nothing behind it.
            Item compaction = Item.of(COMPACTION.getBytes(StandardCharsets.UTF_8));
            conversation.append(ModelResponse.of(List.of(compaction), Usage.reported(900, 0, 0, 100, 0)));
            assertThat(conversation.prompt().items()).contains(Item.user("Tell me of the forest."));

            run(conversation, "go on");

            assertThat(compactedBy()).containsExactly("server");
            assertThat(server.bodies().get(0))
                    .contains("\"input\":[" + COMPACTION + ","
                            + Item.user("go on").json());
        }
    }

    @Test
    void undoCompaction_afterItWasTakenBack_saysThatThereIsNothingToUndo() throws IOException {
        Reply compacts = stream(
                CREATED + done(0, message("Hello")) + done(1, COMPACTION) + completed(message("Hello"), COMPACTION));
        Reply refuses = Replies.error(400, "invalid_encrypted_content", "not verified");
        try (RawServer server = RawServer.answering(compacts, refuses, stream(saying("Hello")));
                AgentLoop agent = agent(server)) {
            Conversation conversation = agent.newConversation();
            run(conversation, "Tell me of the forest.");
            assertThat(conversation.prompt().item(0).json()).isEqualTo(COMPACTION);

            run(conversation, "go on");

            assertThat(server.bodies().get(2)).contains(HI).doesNotContain("cmp_1");
            assertThatThrownBy(conversation::undoCompaction)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no compaction of conversation " + conversation.id()
                            + " holds any more: they were taken back, or the prompt was begun again since");
        }
    }

    @Test
    void serverCompaction_tooSmallAThreshold_isRefused() {
        PromptSettings.Builder settings = PromptSettings.of("gpt-5.1");

        assertThatThrownBy(() -> settings.serverCompaction(999))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the server compacts from 1000 tokens on, but the threshold is 999; use a larger one, or 0"
                        + " for never");
        assertThatThrownBy(() -> settings.field("context_management", "[]"))
                .isInstanceOf(IllegalArgumentException.class);
        settings.serverCompaction(0);
    }
}
