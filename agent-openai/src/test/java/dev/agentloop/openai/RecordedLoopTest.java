package dev.agentloop.openai;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Replays recorded tool loops: a server on loopback gives the recorded responses in their order, the tools give the
 * recorded outputs, and the loop must come to the recorded end by as many requests.
 */
@EnabledIfSystemProperty(
        named = "agentloop.fixtures",
        matches = ".+",
        disabledReason = "no recorded traffic: -Dagentloop.fixtures names its folder (CONTRIBUTING.md)")
class RecordedLoopTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** One request and the response to it. */
    private record Exchange(JsonNode request, byte[] body, String contentType) {
        List<JsonNode> input() {
            JsonNode input = request.path("input");
            List<JsonNode> items = new ArrayList<>();
            if (input.isTextual()) {
                items.add(JSON.createObjectNode().put("role", "user").put("content", input.textValue()));
            }
            input.elements().forEachRemaining(items::add);
            return items.stream().filter(JsonNode::isObject).toList();
        }

        List<JsonNode> input(String typeEnd) {
            return input().stream()
                    .filter(item -> item.path("type").asText().endsWith(typeEnd))
                    .toList();
        }
    }

    @TestFactory
    Stream<DynamicTest> recordedLoops_comeToTheirRecordedEnd() throws IOException {
        String fixtures = System.getProperty("agentloop.fixtures");
        List<DynamicTest> tests = new ArrayList<>();
        try (Stream<Path> folders = Files.walk(Path.of(fixtures, "responses"), 2)) {
            for (Path folder : folders.filter(Files::isDirectory).sorted().toList()) {
                int number = 0;
                for (List<Exchange> loop : loops(folder)) {
                    String name = folder.getFileName() + " #" + ++number;
                    tests.add(DynamicTest.dynamicTest(name, () -> replay(loop)));
                }
            }
        }
        assertThat(tests).as("recorded loops").hasSizeGreaterThan(60);
        return tests.stream();
    }

    /** The stretches in which each request has more input than the one before, and every call a recorded output. */
    private static List<List<Exchange>> loops(Path folder) throws IOException {
        List<List<Exchange>> loops = new ArrayList<>();
        List<Exchange> loop = new ArrayList<>();
        for (Exchange exchange : exchanges(folder)) {
            boolean goesOn = !loop.isEmpty()
                    && exchange.input().size()
                            > loop.get(loop.size() - 1).input().size();
            if (!goesOn) {
                loop = new ArrayList<>();
                loops.add(loop);
            }
            loop.add(exchange);
        }
        loops.removeIf(candidate -> candidate.size() < 2 || !answersEveryCall(candidate));
        return loops;
    }

    private static List<Exchange> exchanges(Path folder) throws IOException {
        List<Exchange> exchanges = new ArrayList<>();
        for (int n = 1; ; n++) {
            Path request = folder.resolve(String.format(Locale.ROOT, "%02d.request.json", n));
            Path headers = folder.resolve(String.format(Locale.ROOT, "%02d.headers.txt", n));
            if (!Files.exists(headers) && !Files.exists(request)) {
                return exchanges;
            }
            Path sse = folder.resolve(String.format(Locale.ROOT, "%02d.response.sse", n));
            Path body = Files.exists(sse) ? sse : folder.resolve(String.format(Locale.ROOT, "%02d.response.json", n));
            if (Files.exists(request) && Files.exists(body) && isInference(Files.readString(headers))) {
                JsonNode sent = JSON.readTree(request.toFile());
                // A background response is fetched by further requests, which the loop does not make.
                if (!sent.path("background").asBoolean()) {
                    exchanges.add(new Exchange(
                            sent, Files.readAllBytes(body), body == sse ? "text/event-stream" : "application/json"));
                }
            }
        }
    }

    private static boolean isInference(String headers) {
        return headers.lines().anyMatch(line -> line.contains("POST") && line.contains("/responses"))
                && !headers.contains("/responses/");
    }

    private static boolean answersEveryCall(List<Exchange> loop) {
        Set<String> called = new TreeSet<>();
        loop.forEach(exchange -> exchange.input("_call")
                .forEach(item -> called.add(item.path("call_id").asText())));
        return !called.isEmpty() && outputs(loop).keySet().containsAll(called);
    }

    private static Map<String, JsonNode> outputs(List<Exchange> loop) {
        Map<String, JsonNode> outputs = new HashMap<>();
        loop.forEach(exchange -> exchange.input("_call_output")
                .forEach(item -> outputs.put(item.path("call_id").asText(), item.path("output"))));
        return outputs;
    }

    private static void replay(List<Exchange> loop) throws IOException {
        List<byte[]> requests = Collections.synchronizedList(new ArrayList<>());
        HttpServer server = serve(loop, requests);
        try (AgentLoop agent = AgentLoop.builder()
                .model(OpenAiModel.builder("recorded")
                        .baseUrl("http://127.0.0.1:" + server.getAddress().getPort() + "/v1")
                        .retries(RetryPolicy.NEVER)
                        .build())
                .tools(tools(loop))
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.append(items(loop.get(0).input()));
            Outcome outcome = conversation.run(options(loop, 0));
            while (requests.size() < loop.size() && outcome instanceof Outcome.Finished) {
                int next = requests.size();
                outcome = conversation.run(newUserItems(loop, next), options(loop, next));
            }
            assertThat(requests).as("requests; %s", outcome).hasSize(loop.size());
            assertThat(outcome)
                    .isInstanceOfAny(Outcome.Finished.class, Outcome.Stopped.class, Outcome.LimitReached.class);
        } catch (ModelException e) {
            assertThat(requests).hasSize(loop.size());
            assertThat(new String(loop.get(loop.size() - 1).body(), UTF_8)).contains("\"error\"", e.code());
        } finally {
            server.stop(0);
        }
        check(requests);
    }

    // The last recorded response may call a tool again: then the recording ends there, and so does the run.
    private static RunOptions options(List<Exchange> loop, int made) {
        return RunOptions.DEFAULT.withLimits(Limits.NONE.withSteps(loop.size() - made));
    }

    private static List<Item> items(List<JsonNode> nodes) {
        return nodes.stream()
                .map(node -> Item.received(node.toString().getBytes(UTF_8)))
                .flatMap(Optional::stream)
                .toList();
    }

    private static List<Item> newUserItems(List<Exchange> loop, int next) {
        List<JsonNode> input = loop.get(next).input();
        return items(input.subList(loop.get(next - 1).input().size(), input.size()).stream()
                .filter(item -> item.path("role").asText().equals("user"))
                .toList());
    }

    private static HttpServer serve(List<Exchange> loop, List<byte[]> requests) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/responses", exchange -> {
            requests.add(exchange.getRequestBody().readAllBytes());
            int number = requests.size() - 1;
            boolean known = number < loop.size();
            exchange.getResponseHeaders()
                    .set("Content-Type", known ? loop.get(number).contentType() : "text/plain");
            exchange.sendResponseHeaders(known ? 200 : 410, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write(known ? loop.get(number).body() : "the recording has ended".getBytes(UTF_8));
            }
        });
        server.start();
        return server;
    }

    /** A tool for each declared name; gives what is recorded for the call. */
    private static List<Tool> tools(List<Exchange> loop) {
        Map<String, JsonNode> outputs = outputs(loop);
        Set<String> names = new TreeSet<>();
        for (Exchange exchange : loop) {
            exchange.request()
                    .path("tools")
                    .forEach(tool -> names.add(tool.path("name").asText()));
        }
        names.remove("");
        return names.stream()
                .map(name -> (Tool) new RecordedTool(name, outputs))
                .toList();
    }

    private record RecordedTool(String name, Map<String, JsonNode> outputs) implements Tool {
        @Override
        public Specification specification() {
            return Specification.function(name, "recorded", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            JsonNode output = outputs.get(call.callId());
            if (output == null) {
                return ToolOutput.error("not recorded");
            }
            return ToolOutput.text(output.isTextual() ? output.textValue() : output.toString());
        }
    }

    /** Every request begins with the one before; every call has one output, every output its call. */
    private static void check(List<byte[]> requests) throws IOException {
        for (int i = 0; i < requests.size(); i++) {
            String request = new String(requests.get(i), UTF_8);
            if (i > 0) {
                String before = new String(requests.get(i - 1), UTF_8);
                assertThat(request).startsWith(before.substring(0, before.lastIndexOf("],\"tool_choice\"")));
            }
            List<String> calls = new ArrayList<>();
            List<String> outputs = new ArrayList<>();
            for (JsonNode item : JSON.readTree(request).path("input")) {
                String type = item.path("type").asText();
                if (type.equals("function_call") || type.equals("custom_tool_call")) {
                    calls.add(item.path("call_id").asText());
                } else if (type.equals("function_call_output") || type.equals("custom_tool_call_output")) {
                    outputs.add(item.path("call_id").asText());
                }
            }
            assertThat(outputs).containsExactlyInAnyOrderElementsOf(calls).doesNotHaveDuplicates();
        }
    }
}
