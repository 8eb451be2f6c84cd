package dev.agentloop.openai;

import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.stream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.openai.RawServer.Request;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

/** What goes over the wire, byte for byte. */
class WireTest {
    private static final RetryPolicy QUICK = new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofSeconds(1));

    private static OpenAiModel.Builder model(RawServer server) {
        return OpenAiModel.builder("gpt-5.1-codex")
                .baseUrl(server.baseUrl())
                .apiKey("k")
                .retries(QUICK);
    }

    private static Prompt prompt(Model model, String text) {
        return Prompt.of(model.settings(), Toolbox.of(List.of(new Look()))).plus(List.of(Item.user(text)));
    }

    private static final class Look implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("look", "Looks.", "{\"type\":\"object\"}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("seen");
        }
    }

    @Test
    void respond_longConversation_eachRequestBeginsWithTheOneBefore() throws Exception {
        List<RawServer.Reply> replies = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            replies.add(stream(Events.calling("call_" + i)));
        }
        try (RawServer server = RawServer.answering(replies)) {
            OpenAiModel model = model(server).build();
            Prompt prompt = prompt(model, "Hi é 漢 😀");
            for (int i = 0; i < 60; i++) {
                ModelResponse response = model.respond(prompt, Model.Listener.NONE);
                List<Item> added = new ArrayList<>(response.items());
                added.add(Item.of(("{\"type\":\"function_call_output\",\"call_id\":\"call_" + i + "\",\"output\":\""
                                + "0123456789abcdef".repeat(200) + "\"}")
                        .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
                prompt = prompt.plus(added);
            }

            String end = "],\"tool_choice\":\"auto\"}";
            List<Request> requests = server.requests();
            assertThat(requests).hasSize(60);
            for (int i = 1; i < requests.size(); i++) {
                byte[] before = requests.get(i - 1).body();
                byte[] after = requests.get(i).body();
                assertThat(requests.get(i - 1).text()).endsWith(end);
                int prefix = before.length - end.length();
                assertThat(Arrays.mismatch(before, 0, prefix, after, 0, prefix)).isNegative();
            }
            assertThat(requests.get(59).body().length).isGreaterThan(3 * 64 * 1024);
            JsonNode last = new ObjectMapper().readTree(requests.get(59).body());
            assertThat(last.get("input")).hasSize(1 + 59 * 2);
            assertThat(last.fieldNames()).toIterable().last().isEqualTo("tool_choice");
        }
    }

    @Test
    void respond_retried_sendsTheSameBytesAgain() throws Exception {
        try (RawServer server =
                RawServer.answering(error(500, "", "x"), stream(Events.CREATED), stream(saying("Hello")))) {
            OpenAiModel model = model(server).build();

            model.respond(prompt(model, "x".repeat(200_000)), Model.Listener.NONE);

            assertThat(server.bodies()).hasSize(3).containsOnly(server.bodies().get(0));
            assertThat(server.requests().get(0).body()).hasSizeGreaterThan(200_000);
            assertThat(server.requests().stream().map(r -> r.header("x-client-request-id")))
                    .doesNotHaveDuplicates()
                    .allMatch(id -> id.length() == 36);
        }
    }

    @Test
    void respond_plainHttp_sendsNoUpgradeAndNamesLengthAndTypes() throws Exception {
        try (RawServer server = RawServer.answering(stream(saying("Hello")))) {
            OpenAiModel model = model(server)
                    .http2()
                    .organization("org-1")
                    .project("proj-1")
                    .header("X-Gateway", "g")
                    .build();

            model.respond(prompt(model, "Hi"), Model.Listener.NONE);

            Request request = server.requests().get(0);
            assertThat(request.line()).isEqualTo("POST /v1/responses HTTP/1.1");
            assertThat(request.head()).doesNotContainIgnoringCase("upgrade").doesNotContainIgnoringCase("http2");
            assertThat(request.header("content-type")).isEqualTo("application/json");
            assertThat(request.header("accept")).isEqualTo("text/event-stream");
            assertThat(request.header("content-length")).isEqualTo(String.valueOf(request.body().length));
            assertThat(request.header("transfer-encoding")).isEmpty();
            assertThat(request.header("authorization")).isEqualTo("Bearer k");
            assertThat(request.header("openai-organization")).isEqualTo("org-1");
            assertThat(request.header("openai-project")).isEqualTo("proj-1");
            assertThat(request.header("x-gateway")).isEqualTo("g");
            assertThat(request.header("user-agent")).startsWith("agentloop");
            assertThat(request.header("idempotency-key")).isEmpty();
        }
    }

    @Test
    void respond_hostsClientThatPrefersHttp2_sendsNoUpgradeEither() throws Exception {
        try (RawServer server = RawServer.answering(stream(saying("Hello")))) {
            OpenAiModel model = model(server)
                    .httpClient(java.net.http.HttpClient.newHttpClient())
                    .build();

            model.respond(prompt(model, "Hi"), Model.Listener.NONE);

            assertThat(server.requests().get(0).head()).doesNotContainIgnoringCase("upgrade");
        }
    }

    @Test
    void respond_settings_areInTheFixedFields() throws Exception {
        try (RawServer server = RawServer.answering(stream(saying("Hello")))) {
            OpenAiModel model = model(server)
                    .settings(s -> s.effort("high").verbosity("low").field("service_tier", "\"flex\""))
                    .build();

            model.respond(prompt(model, "Hi"), Model.Listener.NONE);

            assertThat(server.requests().get(0).text())
                    .startsWith("{\"model\":\"gpt-5.1-codex\",\"tools\":[{\"type\":\"function\",\"name\":\"look\"")
                    .contains("\"reasoning\":{\"effort\":\"high\"}")
                    .contains("\"include\":[\"reasoning.encrypted_content\"],\"store\":false,\"stream\":true")
                    .contains("\"service_tier\":\"flex\"");
        }
    }

    @Test
    void respond_whatVaries_standsBehindTheItems() throws Exception {
        try (RawServer server = RawServer.answering(stream(saying("One")), stream(saying("Two")));
                AgentLoop agent = AgentLoop.builder()
                        .model(OpenAiModel.builder("gpt-5.6-sol")
                                .baseUrl(server.baseUrl())
                                .settings(s -> s.cacheTtl("30m").cacheDiagnostics(true))
                                .build())
                        .tools(new Look())
                        .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("Hi");
            conversation.run("Again", RunOptions.DEFAULT.withAllowedTools(Set.of("look")));

            List<Request> requests = server.requests();
            assertThat(requests.get(0).text())
                    .contains("\"prompt_cache_key\":\"" + conversation.id() + "\",\"input\":[")
                    .endsWith("}],\"tool_choice\":\"auto\",\"prompt_cache_options\":{\"ttl\":\"30m\"}}");
            assertThat(requests.get(1).text())
                    .endsWith("}],\"tool_choice\":{\"type\":\"allowed_tools\",\"mode\":\"auto\",\"tools\":["
                            + "{\"type\":\"function\",\"name\":\"look\"}]},\"prompt_cache_options\":"
                            + "{\"ttl\":\"30m\",\"comparison_response_id\":\"resp_1\"}}");
            String prefix = requests.get(0).text();
            assertThat(requests.get(1).text()).startsWith(prefix.substring(0, prefix.indexOf("],\"tool_choice")));
            assertThat(new ObjectMapper().readTree(requests.get(1).body()).get("input"))
                    .hasSize(3);
        }
    }

    @Test
    void respond_notStreaming_readsOnePiece() throws Exception {
        String reply = Events.response(
                "\"status\":\"completed\"," + Events.USAGE,
                Events.reasoning("gAAA"),
                Events.message("Hello"),
                Events.call("call_1", "{}"));
        try (RawServer server = RawServer.answering(Replies.json(200, reply))) {
            OpenAiModel model = model(server).settings(s -> s.stream(false)).build();
            Told told = new Told();

            ModelResponse response = model.respond(prompt(model, "Hi"), told);

            Request request = server.requests().get(0);
            assertThat(request.text()).contains("\"stream\":false");
            assertThat(request.header("accept")).isEqualTo("application/json");
            assertThat(response.id()).isEqualTo("resp_1");
            assertThat(response.usage().cached()).isEqualTo(50);
            assertThat(told.events)
                    .containsExactly("item reasoning", "TEXT Hello", "item message", "item function_call");
            assertThat(response.items()).isEqualTo(told.items);
            assertThat(response.items().get(0).json()).doesNotContain("rs_1").contains("gAAA");
        }
    }

    @Test
    void body_askedForOneBufferAtATimeOrAll_givesTheSameBytesAndNoMore() {
        Prompt prompt = Prompt.of(Capabilities.of("m").settings("m").build(), Toolbox.empty())
                .plus(List.of(Item.user("y".repeat(150_000))));
        RequestBody body = new RequestBody(prompt);

        byte[] one = collect(body, 1);
        byte[] all = collect(body, Long.MAX_VALUE);

        assertThat(one).hasSize((int) body.contentLength()).isEqualTo(all);
        assertThat(new String(one, java.nio.charset.StandardCharsets.UTF_8)).endsWith("}],\"tool_choice\":\"auto\"}");
    }

    @Test
    void body_askedForNothing_isRefusedAndCancelledIsSilent() {
        RequestBody body =
                new RequestBody(Prompt.of(Capabilities.of("m").settings("m").build(), Toolbox.empty()));
        Collector wrong = new Collector(0);

        assertThatThrownBy(() -> body.subscribe(wrong)).hasMessage("a subscriber asked for 0 buffers");

        Collector cancelled = new Collector(-1);
        body.subscribe(cancelled);
        cancelled.subscription.cancel();
        cancelled.subscription.request(5);
        assertThat(cancelled.bytes.size()).isZero();
        assertThat(cancelled.completed).isZero();
    }

    private static byte[] collect(RequestBody body, long step) {
        Collector collector = new Collector(step);
        body.subscribe(collector);
        assertThat(collector.completed).isEqualTo(1);
        return collector.bytes.toByteArray();
    }

    /** Asks for {@code step} buffers at first and after each one; for none if it is negative. */
    private static final class Collector implements Flow.Subscriber<ByteBuffer> {
        private final long step;
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private Flow.Subscription subscription;
        private int completed;

        Collector(long step) {
            this.step = step;
        }

        @Override
        public void onSubscribe(Flow.Subscription newSubscription) {
            subscription = newSubscription;
            if (step >= 0) {
                subscription.request(step);
            }
        }

        @Override
        public void onNext(ByteBuffer buffer) {
            assertThat(buffer.isReadOnly()).isTrue();
            byte[] copy = new byte[buffer.remaining()];
            buffer.get(copy);
            bytes.writeBytes(copy);
            subscription.request(step);
        }

        @Override
        public void onError(Throwable failure) {
            throw new IllegalStateException(failure.getMessage(), failure);
        }

        @Override
        public void onComplete() {
            completed++;
        }
    }
}
