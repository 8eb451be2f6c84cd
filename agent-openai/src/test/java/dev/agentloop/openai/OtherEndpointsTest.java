package dev.agentloop.openai;

import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.json;
import static dev.agentloop.openai.Replies.silence;
import static dev.agentloop.openai.Replies.stream;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import dev.agentloop.openai.RawServer.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** The requests to {@code /responses/compact} and {@code /responses/input_tokens}. */
class OtherEndpointsTest {
    private static final RetryPolicy QUICK = new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofSeconds(2));
    private static final String LONG = "The forest is deep. ".repeat(5_000);
    private static final String WINDOW = """
            {"id":"resp_9","object":"response.compaction","created_at":1,"output":[
              {"type":"message","id":"msg_1","role":"user","status":"completed",
               "content":[{"type":"input_text","text":"hi"}]},
              {"id":"cmp_1","type":"compaction","encrypted_content":"gAAA"}],
             "usage":{"input_tokens":20000,"output_tokens":50,"total_tokens":20050}}
            """;

    private final List<AgentEvent> events = Collections.synchronizedList(new ArrayList<>());

    private static OpenAiModel.Builder model(RawServer server, String name) {
        return OpenAiModel.builder(name)
                .baseUrl(server.baseUrl() + "?api-version=preview")
                .apiKey("key-of-the-test")
                .retries(QUICK)
                .settings(settings -> settings.contextWindow(20_000)
                        .effort("low")
                        .verbosity("low")
                        .maxOutputTokens(500)
                        .field("service_tier", "\"flex\""));
    }

    private record Look() implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("look", "looks", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("looked");
        }
    }

    private static List<String> names(String body) {
        List<String> names = new ArrayList<>();
        Recording.tree(body).fieldNames().forEachRemaining(names::add);
        return names;
    }

    @Test
    void compact_requestHasTheFieldsOfTheEndpointAndThePromptsOwnItems() throws Exception {
        try (RawServer server = RawServer.answering(error(500, "", "Oops"), json(200, WINDOW))) {
            OpenAiModel model = model(server, "gpt-5.6")
                    .settings(s -> s.cacheTtl("30m").cacheDiagnostics(true))
                    .build();
            try (AgentLoop agent = AgentLoop.builder()
                    .model(model)
                    .instructions("Be brief.")
                    .compactor(model.compactor())
                    .tools(new Look())
                    .build()) {
                Conversation conversation = agent.newConversation();
                conversation.append(List.of(Item.user("hi"), Item.user(LONG)));
                String before = new String(bytes(conversation.prompt()), UTF_8);
                assertThat(conversation.compact(RunOptions.DEFAULT)).hasValueSatisfying(compaction -> {
                    assertThat(compaction.by()).isEqualTo("endpoint");
                    assertThat(compaction.usage().input()).isEqualTo(20_000);
                });

                assertThat(server.requests()).hasSize(2);
                RawServer.Request request = server.requests().get(1);
                assertThat(request.line()).isEqualTo("POST /v1/responses/compact?api-version=preview HTTP/1.1");
                assertThat(request.header("Authorization")).isEqualTo("Bearer key-of-the-test");
                assertThat(names(request.text()))
                        .containsExactly(
                                "model",
                                "instructions",
                                "prompt_cache_key",
                                "prompt_cache_options",
                                "service_tier",
                                "input");
                assertThat(Recording.tree(request.text()).path("prompt_cache_options"))
                        .hasToString("{\"ttl\":\"30m\"}");
                assertThat(request.text()).endsWith(before.substring(before.indexOf("\"input\":[")) + "]}");
                assertThat(conversation.prompt().item(0).json()).contains("\"id\":\"msg_1\"");
                assertThat(conversation.prompt().item(1).json())
                        .isEqualTo("{\"id\":\"cmp_1\",\"type\":\"compaction\",\"encrypted_content\":\"gAAA\"}");
            }
        }
    }

    private static byte[] bytes(Prompt prompt) {
        java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
        prompt.wire().forEach(buffer -> {
            byte[] part = new byte[buffer.remaining()];
            buffer.get(part);
            out.writeBytes(part);
        });
        return out.toByteArray();
    }

    @Test
    void compact_instructionsInInput_areNotSentBesideIt() throws Exception {
        try (RawServer server = RawServer.answering(json(200, WINDOW))) {
            OpenAiModel model = model(server, "gpt-6.2")
                    .settings(s -> s.instructions("Be brief."))
                    .build();
            try (AgentLoop agent = AgentLoop.builder()
                    .model(model)
                    .compactor(model.compactor())
                    .build()) {
                Conversation conversation = agent.newConversation();
                conversation.append(List.of(Item.user(LONG)));
                conversation.compact(RunOptions.DEFAULT);

                assertThat(names(server.bodies().get(0))).doesNotContain("instructions");
            }
        }
    }

    @Test
    void compact_answersThatAreNoWindow_failWithWhatCame() throws Exception {
        List<Reply> replies = List.of(
                json(200, "{\"id\":\"resp_1\"," + Events.USAGE + "}"),
                json(200, "{\"output\":[7]," + Events.USAGE + "}"),
                stream("data: x\n\n"));
        try (RawServer server = RawServer.answering(replies)) {
            OpenAiModel model = model(server, "gpt-5.1").build();
            try (AgentLoop agent = AgentLoop.builder()
                    .model(model)
                    .compactor(model.compactor())
                    .build()) {
                Conversation conversation = agent.newConversation();
                conversation.append(List.of(Item.user(LONG)));
                for (String text : List.of(
                        "was asked to compact and sent no output.",
                        "sent a compacted window with something that is no item: 7.",
                        "sent no JSON object: data: x.")) {
                    assertThatThrownBy(() -> conversation.compact(RunOptions.DEFAULT))
                            .isInstanceOf(IllegalStateException.class)
                            .hasMessageContaining("nothing was changed: endpoint: ")
                            .hasMessageContaining(text);
                }
                assertThat(conversation.run("Hi").summary().total())
                        .as("what was paid for the windows that were none counts too")
                        .isEqualTo(Usage.reported(2 * 75, 2 * 50, 2 * 5, 2 * 20, 2 * 8));
            }
        }
    }

    @Test
    void countTokens_requestHasTheFieldsOfTheEndpoint() throws Exception {
        try (RawServer server =
                RawServer.answering(json(200, "{\"object\":\"response.input_tokens\",\"input_tokens\":18}"))) {
            OpenAiModel model = model(server, "gpt-5.6").build();
            Prompt prompt =
                    Prompt.of(model.settings(), Toolbox.of(List.of(new Look()))).plus(List.of(Item.user("Hi")));

            assertThat(model.countTokens(prompt)).isEqualTo(OptionalLong.of(18));
            assertThat(server.requests().get(0).line())
                    .isEqualTo("POST /v1/responses/input_tokens?api-version=preview HTTP/1.1");
            JsonNode body = Recording.tree(server.bodies().get(0));
            assertThat(names(server.bodies().get(0)))
                    .containsExactly(
                            "model", "tools", "parallel_tool_calls", "reasoning", "text", "tool_choice", "input");
            assertThat(body.path("input")).hasToString("[" + Item.user("Hi").json() + "]");
        }
    }

    @Test
    void countTokens_noCount_isAFailureAndNotTriedAgain() throws Exception {
        try (RawServer server = RawServer.answering(json(200, "{}"), error(500, "", "Oops"), silence(""))) {
            OpenAiModel model = model(server, "gpt-5.1").build();
            Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Hi")));

            assertThatThrownBy(() -> model.countTokens(prompt))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("was asked for a count of tokens and sent none.");
            assertThatThrownBy(() -> model.countTokens(prompt))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("HTTP 500");
            assertThat(server.requests()).hasSize(2);
        }
    }

    private Outcome run(RawServer server, int words) {
        OpenAiModel model = model(server, "gpt-5.1").build();
        try (AgentLoop agent =
                AgentLoop.builder().model(model).compactor(model.compactor()).build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(List.of(Item.user("deep ".repeat(words))));
            return conversation.run("go on", RunOptions.DEFAULT.withListener(events::add));
        }
    }

    private static RawServer counting(Reply count) throws IOException {
        return RawServer.answering(request -> request.line().contains("/input_tokens")
                ? count
                : request.line().contains("/compact") ? json(200, WINDOW) : stream(saying("Done")));
    }

    private List<String> paths(RawServer server) {
        return server.requests().stream()
                .map(request -> request.line().replaceAll("POST /v1/responses|\\?.*", ""))
                .toList();
    }

    @Test
    void run_noCountAndAnEstimateAboveTheLimit_asksOnceAndBelievesTheServer() throws IOException {
        try (RawServer server = counting(json(200, "{\"input_tokens\":9000}"))) {
            assertThat(run(server, 20_000)).isInstanceOf(Outcome.Finished.class);

            assertThat(paths(server)).containsExactly("/input_tokens", "");
            assertThat(events)
                    .anySatisfy(event -> assertThat(event)
                            .isInstanceOfSatisfying(AgentEvent.ContextMeasured.class, measured -> {
                                assertThat(measured.context().tokens()).isEqualTo(9_000);
                                assertThat(measured.context().estimated()).isFalse();
                            }));
        }
    }

    @Test
    void run_countSaysThatItIsFull_compacts() throws IOException {
        try (RawServer server = counting(json(200, "{\"input_tokens\":19000}"))) {
            assertThat(run(server, 10_000)).isInstanceOf(Outcome.Finished.class);

            assertThat(paths(server)).containsExactly("/input_tokens", "/compact", "");
        }
    }

    @Test
    void run_countFailsOrIsAbsurd_goesByTheEstimate() throws IOException {
        for (Reply count : List.of(error(500, "", "Oops"), json(200, "{\"input_tokens\":1}"))) {
            try (RawServer server = counting(count)) {
                assertThat(run(server, 20_000)).isInstanceOf(Outcome.Finished.class);

                assertThat(paths(server)).containsExactly("/input_tokens", "/compact", "");
            }
        }
    }

    @Test
    void run_estimateBelowHalfOfTheLimit_doesNotAsk() throws IOException {
        try (RawServer server = counting(json(200, "{\"input_tokens\":19000}"))) {
            assertThat(run(server, 5_000)).isInstanceOf(Outcome.Finished.class);

            assertThat(paths(server)).containsExactly("");
        }
    }
}
