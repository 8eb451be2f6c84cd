package dev.agentloop.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.Item;
import dev.agentloop.Usage;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ScriptedServerTest {
    private static final String USER = "{\"type\":\"message\",\"role\":\"user\",\"content\":\"go\"}";
    private static final String CALL =
            "{\"type\":\"function_call\",\"call_id\":\"call_1\",\"name\":\"echo\",\"arguments\":\"{}\"}";
    private static final String OUTPUT = "{\"type\":\"function_call_output\",\"call_id\":\"call_1\",\"output\":\"ok\"}";

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    private static String body(String... items) {
        return "{\"model\":\"m\",\"instructions\":\"i\",\"store\":false,\"stream\":true,\"prompt_cache_key\":\"k\","
                + "\"input\":[" + String.join(",", items) + "],\"tool_choice\":\"auto\"}";
    }

    private HttpResponse<String> post(ScriptedServer server, String body) throws IOException, InterruptedException {
        return post(server, "/responses", body);
    }

    private HttpResponse<String> post(ScriptedServer server, String path, String body)
            throws IOException, InterruptedException {
        return client.send(
                java.net.http.HttpRequest.newBuilder(java.net.URI.create(server.url() + path))
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }

    private static List<JsonNode> events(String stream) throws IOException {
        List<JsonNode> events = new ArrayList<>();
        assertThat(stream).endsWith("\n\n");
        for (String event : stream.stripTrailing().split("\n\n", -1)) {
            String[] lines = event.split("\n", -1);
            JsonNode data = new ObjectMapper().readTree(lines[1].substring("data: ".length()));
            assertThat(lines[0]).isEqualTo("event: " + data.get("type").asText());
            assertThat(data.get("sequence_number").asInt()).isEqualTo(events.size());
            events.add(data);
        }
        return events;
    }

    @Test
    void stream_hasTheEventsOfTheApiInItsOrder() throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.reasons("look").andSays("I look.").andCalls("call_1", "echo", "{\"n\":1}"))) {
            HttpResponse<String> response = post(server, body(USER));
            assertThat(response.headers().firstValue("content-type")).contains("text/event-stream; charset=utf-8");
            List<JsonNode> events = events(response.body());
            assertThat(events)
                    .extracting(event -> event.get("type").asText().replaceFirst("response\\.", ""))
                    .containsExactly(
                            "created",
                            "in_progress",
                            "output_item.added",
                            "reasoning_summary_part.added",
                            "reasoning_summary_text.delta",
                            "reasoning_summary_text.done",
                            "reasoning_summary_part.done",
                            "output_item.done",
                            "output_item.added",
                            "content_part.added",
                            "output_text.delta",
                            "output_text.done",
                            "content_part.done",
                            "output_item.done",
                            "output_item.added",
                            "function_call_arguments.delta",
                            "function_call_arguments.done",
                            "output_item.done",
                            "completed");
            JsonNode completed = events.get(events.size() - 1).get("response");
            assertThat(completed.get("output")).hasSize(3);
            assertThat(completed.get("output").get(2)).isEqualTo(events.get(17).get("item"));
            assertThat(completed.get("usage").get("input_tokens").asInt())
                    .isEqualTo(body(USER).length() / 4);
            assertThat(completed.get("model").asText()).isEqualTo("m");
        }
    }

    @Test
    void requestWithoutStream_getsOneObject() throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(ScriptedResponse.says("hello"))) {
            HttpResponse<String> response = post(server, body(USER).replace("\"stream\":true", "\"stream\":false"));
            JsonNode object = new ObjectMapper().readTree(response.body());
            assertThat(object.at("/output/0/content/0/text").asText()).isEqualTo("hello");
            assertThat(object.at("/status").asText()).isEqualTo("completed");
        }
    }

    @Test
    void growingRequests_areKeptAndMeasured() throws Exception {
        try (ScriptedServer server = ScriptedServer.builder()
                .otherwise(request -> ScriptedResponse.calls("call_" + request.number(), "echo", "{}"))
                .start()) {
            List<String> bodies = new ArrayList<>();
            List<String> items = new ArrayList<>(List.of(USER));
            for (int i = 1; i <= 30; i++) {
                bodies.add(body(items.toArray(String[]::new)));
                post(server, bodies.get(i - 1));
                items.add(CALL.replace("call_1", "call_" + i));
                items.add(OUTPUT.replace("call_1", "call_" + i));
            }
            List<ScriptedRequest> requests = server.requests();
            for (int i = 0; i < 30; i++) {
                ScriptedRequest request = requests.get(i);
                assertThat(request.json()).isEqualTo(bodies.get(i));
                assertThat(request.keepsPrefix()).isTrue();
                assertThat(request.itemCount()).isEqualTo(1 + 2 * i);
                assertThat(request.callCount()).isEqualTo(i);
                assertThat(request.gap().isPresent()).isEqualTo(i > 0);
            }
            String last = bodies.get(28);
            assertThat(requests.get(29).prefixBytes()).isEqualTo(last.indexOf("],\"tool_choice"));
            assertThat(requests.get(29).items()).element(58).isInstanceOf(Item.Output.class);
            assertThat(server.problems()).isEmpty();
            assertThat(server.connections()).isEqualTo(1);
        }
    }

    @Test
    void rewrittenRequest_isSeenAndCheckedAnew() throws Exception {
        try (ScriptedServer server = ScriptedServer.builder()
                .otherwise(request -> ScriptedResponse.says("ok"))
                .start()) {
            post(server, body(USER, CALL, OUTPUT));
            post(server, body(USER.replace("go", "no"), CALL, OUTPUT));
            post(server, body(USER.replace("go", "no"), CALL));
            assertThat(server.requests())
                    .extracting(ScriptedRequest::keepsPrefix)
                    .containsExactly(true, false, false);
            assertThat(server.problems()).containsExactly("request 3: call call_1 has no output");
        }
    }

    @Test
    void cacheOptions_standBehindTheInputOnlyWhereTheyVary() throws Exception {
        String fixed = "\"prompt_cache_options\":{\"ttl\":\"30m\"}";
        String varying = "\"prompt_cache_options\":{\"ttl\":\"30m\",\"comparison_response_id\":\"resp_1\"}";
        try (ScriptedServer server = ScriptedServer.builder()
                .otherwise(request -> ScriptedResponse.says("ok"))
                .start()) {
            String before = body(USER).replace("\"input\":", fixed + ",\"input\":");
            assertThat(post(server, before).statusCode()).isEqualTo(200);
            String behind = body(USER).replace("auto\"}", "auto\"," + varying + "}");
            assertThat(post(server, behind).statusCode()).isEqualTo(200);
            HttpResponse<String> refused = post(server, body(USER).replace("\"input\":", varying + ",\"input\":"));
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("the field prompt_cache_options may vary and stands before the input");
        }
    }

    @Test
    void requestThatTheApiWouldRefuse_isRefusedAndNamed() throws Exception {
        String[][] cases = {
            {body(USER, OUTPUT), "item 1 (function_call_output) answers call call_1, which no item before it makes"},
            {body(CALL, OUTPUT, OUTPUT), "item 2 (function_call_output) is the second output of call call_1"},
            {body(CALL, OUTPUT, CALL), "item 2 (function_call) is the second call with the id call_1"},
            {body(CALL.replace("{\"type", "{\"id\":\"fc_1\",\"type"), OUTPUT), "item 0 (function_call) has an id"},
            {body("{\"type\":\"reasoning\",\"summary\":[]}", USER), "item 0 is reasoning and is followed by item 1"},
            {body("{\"type\":\"reasoning\",\"summary\":[]}"), "item 0 is reasoning and is the last one"},
            {body(USER).replace("\"store\":false,", ""), "store is not false"},
            {
                body(USER).replace("{\"model\"", "{\"tool_choice\":\"auto\",\"model\""),
                "the field tool_choice may vary and stands before the input"
            },
            {body(USER).replace("auto\"}", "auto\",\"tools\":[]}"), "the field tools is fixed for a conversation"},
            {"{\"model\":\"m\",\"store\":false}", "there is no input"},
            {"{\"model\":", "the body is not a request in JSON"},
            {body(USER).replace("],\"tool_choice\":\"auto\"}", ""), "the body is not a request in JSON"},
        };
        try (ScriptedServer server = ScriptedServer.builder()
                .otherwise(request -> ScriptedResponse.says("ok"))
                .start()) {
            for (String[] one : cases) {
                HttpResponse<String> response = post(server, one[0]);
                assertThat(response.statusCode()).as(one[0]).isEqualTo(400);
                assertThat(response.body()).contains(one[1]).contains("\"code\":\"request_check\"");
            }
            assertThat(server.problems()).hasSize(cases.length);
            String async = CALL.replace("{\"type", "{\"async\":true,\"type");
            assertThat(post(server, body(USER, async)).statusCode()).isEqualTo(200);
        }
        try (ScriptedServer server = ScriptedServer.builder()
                .lenient()
                .otherwise(request -> ScriptedResponse.says("ok"))
                .start()) {
            assertThat(post(server, cases[0][0]).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void compaction_isAWindow_whoseMessagesMayHaveIdsInTheNextRequest() throws Exception {
        String said = "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"user\",\"content\":\"go\"}";
        String compaction = "{\"id\":\"cmp_1\",\"type\":\"compaction\",\"encrypted_content\":\"e\"}";
        try (ScriptedServer server = ScriptedServer.builder()
                .answer(ScriptedResponse.empty().andItem(said).andItem(compaction))
                .otherwise(request -> ScriptedResponse.says("ok"))
                .start()) {
            String compact = "{\"model\":\"m\",\"prompt_cache_key\":\"k\",\"input\":[" + USER + "]}";
            JsonNode window = new ObjectMapper()
                    .readTree(post(server, "/responses/compact", compact).body());
            assertThat(window.get("object").asText()).isEqualTo("response.compaction");
            assertThat(window.get("output")).hasToString("[" + said + "," + compaction + "]");
            assertThat(window.get("usage").get("input_tokens").asInt()).isPositive();

            assertThat(post(server, body(said, compaction, USER)).statusCode()).isEqualTo(200);
            assertThat(server.requests().get(1).keepsPrefix()).isTrue();
            String[] refused = {body(said), body(compaction, said), body(said.replace("user", "assistant"), compaction)
            };
            for (String body : refused) {
                assertThat(post(server, body).body()).contains("(message) has an id");
            }
        }
    }

    @Test
    void checkOfTheTests_refuses() throws Exception {
        try (ScriptedServer server = ScriptedServer.builder()
                .check(request -> assertThat(request.model()).isEqualTo("other"))
                .answer(ScriptedResponse.says("never"))
                .start()) {
            assertThat(post(server, body(USER)).statusCode()).isEqualTo(400);
            assertThat(server.problems()).singleElement().asString().contains("other");
        }
    }

    @Test
    void endOfTheScript_isAnError() throws Exception {
        try (ScriptedServer server = ScriptedServer.answering()) {
            assertThat(post(server, body(USER)).body()).contains("request 1: the script has no answer to this request");
        }
    }

    @Test
    void failures_areWhatTheScriptSays() throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedServer.error(429, "rate_limit_exceeded", "try again in 1s", "retry-after: 1"),
                ScriptedServer.status(502, "Bad Gateway"),
                ScriptedServer.raw("text/event-stream", "data: [DONE]\n\n".getBytes(UTF_8)),
                ScriptedResponse.says("no").andFails("server_error", "fell over"),
                ScriptedResponse.empty().andErrs("server_error", "fell over"),
                ScriptedResponse.says("so f").andIsIncomplete("max_output_tokens"))) {
            HttpResponse<String> limited = post(server, body(USER));
            assertThat(limited.statusCode()).isEqualTo(429);
            assertThat(limited.headers().firstValue("retry-after")).contains("1");
            assertThat(limited.headers().firstValue("content-type")).contains("application/json");
            HttpResponse<String> gateway = post(server, body(USER));
            assertThat(gateway.statusCode()).isEqualTo(502);
            assertThat(gateway.headers().firstValue("content-type")).contains("text/plain");
            assertThat(post(server, body(USER)).body()).isEqualTo("data: [DONE]\n\n");
            JsonNode failed = last(events(post(server, body(USER)).body()));
            assertThat(failed.get("type").asText()).isEqualTo("response.failed");
            assertThat(failed.at("/response/error/code").asText()).isEqualTo("server_error");
            JsonNode error = last(events(post(server, body(USER)).body()));
            assertThat(error.get("type").asText()).isEqualTo("error");
            JsonNode incomplete = last(events(post(server, body(USER)).body()));
            assertThat(incomplete.at("/response/incomplete_details/reason").asText())
                    .isEqualTo("max_output_tokens");
            assertThat(server.problems()).isEmpty();
            assertThat(server.unused()).isZero();
        }
    }

    private static JsonNode last(List<JsonNode> events) {
        return events.get(events.size() - 1);
    }

    @Test
    void brokenConnections_areBroken() throws Exception {
        try (ScriptedServer server = ScriptedServer.builder()
                .answer(
                        ScriptedServer.hangUp(),
                        ScriptedResponse.says("hello").andBreaks(),
                        ScriptedResponse.says("hello").cutAfter(100),
                        ScriptedResponse.says("bye").thenClosesTheConnection(),
                        ScriptedResponse.says("again"))
                .start()) {
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> post(server, body(USER))).isInstanceOf(IOException.class);
            }
            assertThat(post(server, body(USER)).body()).contains("bye");
            assertThat(server.unused()).isEqualTo(1);
        }
    }

    @Test
    void smallPieces_giveTheSameStream() throws Exception {
        ScriptedResponse response =
                ScriptedResponse.says("gr\u00fc\u00df dich \ud83d\ude00").using(Usage.NONE);
        try (ScriptedServer server = ScriptedServer.answering(response, response.inPiecesOf(1))) {
            String whole = post(server, body(USER)).body();
            String pieces = post(server, body(USER)).body();
            assertThat(pieces.replace("resp_000002", "resp_000001"))
                    .hasSameSizeAs(whole)
                    .contains("gr\u00fc\u00df dich");
        }
    }

    @Test
    void silence_lastsUntilTheServerIsClosed() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CompletableFuture<?> silent;
        CompletableFuture<?> waiting;
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.says("and then").andFallsSilent(),
                ScriptedResponse.says("wait").andWaits(never))) {
            CountDownLatch begun = new CountDownLatch(2);
            silent = read(server, begun);
            waiting = read(server, begun);
            begun.await();
            assertThat(silent).isNotDone();
            assertThat(waiting).isNotDone();
        }
        assertThat(silent).failsWithin(java.time.Duration.ofSeconds(20));
        assertThat(waiting).failsWithin(java.time.Duration.ofSeconds(20));
    }

    private CompletableFuture<?> read(ScriptedServer server, CountDownLatch begun) {
        return client.sendAsync(
                java.net.http.HttpRequest.newBuilder(java.net.URI.create(server.url() + "/responses"))
                        .POST(BodyPublishers.ofString(body(USER)))
                        .build(),
                info -> {
                    begun.countDown();
                    return BodyHandlers.ofString().apply(info);
                });
    }

    @Test
    void otherPaths_areNotFound() throws Exception {
        try (ScriptedServer server = ScriptedServer.answering(ScriptedResponse.says("never"))) {
            HttpResponse<String> response = client.send(
                    java.net.http.HttpRequest.newBuilder(java.net.URI.create(server.url() + "/models"))
                            .build(),
                    BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(404);
            assertThat(response.body()).contains("there is no GET /v1/models");
        }
    }
}
