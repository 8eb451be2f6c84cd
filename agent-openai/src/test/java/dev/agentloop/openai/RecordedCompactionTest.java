package dev.agentloop.openai;

import static dev.agentloop.openai.Replies.json;
import static dev.agentloop.openai.Replies.stream;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.openai.RawServer.Reply;
import dev.agentloop.openai.RawServer.Request;
import dev.agentloop.openai.Recording.Slices;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Replays recorded compactions: what the server gave begins the next request, byte for byte. */
@EnabledIfSystemProperty(
        named = "agentloop.fixtures",
        matches = ".+",
        disabledReason = "no recorded traffic: -Dagentloop.fixtures names its folder (CONTRIBUTING.md)")
class RecordedCompactionTest {
    /** The recorded conversations are so short that their compaction is longer; so something long comes before them. */
    private static final Item LONG = Item.user("The forest is deep. ".repeat(2_000));

    private static Path recordings() {
        return Path.of(System.getProperty("agentloop.fixtures"), "responses", "compaction");
    }

    private static String inputStart(List<String> items) {
        return "\"input\":[" + String.join(",", items) + ",";
    }

    private static AgentLoop agent(RawServer server, boolean streams, long threshold) {
        return AgentLoop.builder()
                .model(OpenAiModel.builder("gpt-4.1")
                        .baseUrl(server.baseUrl())
                        .settings(settings -> settings.stream(streams).serverCompaction(threshold))
                        .retries(RetryPolicy.NEVER)
                        .build())
                .build();
    }

    @TestFactory
    Stream<DynamicTest> recordedEndpoint_nextRequestBeginsWithTheReturnedWindow() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        try (Stream<Path> files = Files.walk(recordings())) {
            for (Path headers : files.filter(Files::isRegularFile).sorted().toList()) {
                if (headers.toString().endsWith(".headers.txt")
                        && Files.readString(headers).contains("/responses/compact")) {
                    tests.add(DynamicTest.dynamicTest(
                            headers.getParent().getFileName() + " " + headers.getFileName(),
                            () -> replayEndpoint(headers)));
                }
            }
        }
        assertThat(tests).as("recorded calls of the endpoint").hasSize(5);
        return tests.stream();
    }

    private static Path beside(Path headers, String ending) {
        return headers.resolveSibling(headers.getFileName().toString().replace(".headers.txt", ending));
    }

    private static void replayEndpoint(Path headers) throws Exception {
        String window = Files.readString(beside(headers, ".response.json"));
        JsonNode recorded = Recording.tree(Files.readString(beside(headers, ".request.json")));
        List<JsonNode> input = new ArrayList<>();
        recorded.path("input").elements().forEachRemaining(input::add);
        try (RawServer server = RawServer.answering(request -> answer(request, window))) {
            OpenAiModel model = OpenAiModel.builder(recorded.path("model").asText())
                    .baseUrl(server.baseUrl())
                    .retries(RetryPolicy.NEVER)
                    .build();
            try (AgentLoop agent = AgentLoop.builder()
                    .model(model)
                    .compactor(model.compactor())
                    .build()) {
                Conversation conversation = agent.newConversation();
                conversation.append(List.of(LONG));
                conversation.append(items(input));
                assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
                Outcome outcome = conversation.run("What is 2+2?");
                assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            }
            assertThat(server.requests()).hasSize(2);
            assertThat(server.requests().get(0).line()).isEqualTo("POST /v1/responses/compact HTTP/1.1");
            List<JsonNode> sent = new ArrayList<>();
            JsonNode request = Recording.tree(server.bodies().get(0));
            request.path("input").elements().forEachRemaining(sent::add);
            assertThat(sent.subList(sent.size() - input.size(), sent.size())).isEqualTo(input);
            List<String> returned = Slices.elements(Slices.field(window, "output"));
            assertThat(returned).isNotEmpty();
            assertThat(server.bodies().get(1)).contains(inputStart(returned));
        }
    }

    private static Reply answer(Request request, String window) {
        boolean compacts = request.line().contains("/compact ");
        return compacts ? json(200, window) : stream(Events.saying("4"));
    }

    private static List<Item> items(List<JsonNode> nodes) {
        return nodes.stream()
                .map(node -> Item.received(node.toString().getBytes(UTF_8)))
                .flatMap(Optional::stream)
                .toList();
    }

    @TestFactory
    Stream<DynamicTest> recordedContextManagement_nextRequestBeginsWithTheCompactionItem() {
        Path all = recordings();
        String name = "pydantic-ai--models-test-openai-responses-test-openai-responses-compact-stateful-mode";
        return Stream.of(name, name + "-stream")
                .map(folder -> DynamicTest.dynamicTest(folder, () -> replayManaged(all.resolve(folder))));
    }

    private static void replayManaged(Path folder) throws IOException {
        boolean streams = folder.toString().endsWith("-stream");
        List<String> answers = new ArrayList<>();
        List<JsonNode> requests = new ArrayList<>();
        for (int n = 1; n <= 4; n++) {
            answers.add(Files.readString(folder.resolve("0" + n + ".response." + (streams ? "sse" : "json"))));
            requests.add(Recording.tree(Files.readString(folder.resolve("0" + n + ".request.json"))));
        }
        AtomicInteger next = new AtomicInteger();
        List<AgentEvent> events = new ArrayList<>();
        try (RawServer server = RawServer.answering(request -> {
                    String answer = answers.get(next.getAndIncrement());
                    return streams ? stream(answer) : json(200, answer);
                });
                AgentLoop agent = agent(server, streams, 1_000)) {
            Conversation conversation = agent.newConversation();
            for (JsonNode request : requests) {
                JsonNode input = request.path("input");
                String said = input.get(input.size() - 1).path("content").asText();
                assertThat(conversation.run(said, RunOptions.DEFAULT.withListener(events::add)))
                        .isInstanceOf(Outcome.Finished.class);
            }
            for (int i = 0; i < requests.size(); i++) {
                assertThat(Recording.tree(server.bodies().get(i)).path("context_management"))
                        .isEqualTo(requests.get(i).path("context_management"));
            }
            assertThat(server.bodies().get(3))
                    .contains(inputStart(List.of(compaction(answers.get(2)))))
                    .doesNotContain(
                            requests.get(0).path("input").get(0).path("content").asText());
        }
        assertThat(events.stream()
                        .filter(AgentEvent.Compacted.class::isInstance)
                        .map(event -> ((AgentEvent.Compacted) event).by()))
                .containsExactly("server");
    }

    /** The compaction item as it stands in a recorded answer. */
    private static String compaction(String answer) {
        List<String> items = answer.startsWith("{")
                ? Slices.elements(Slices.field(answer, "output"))
                : answer.lines()
                        .filter(line -> line.startsWith("data: ") && line.contains("response.output_item.done"))
                        .map(line -> Slices.field(line.substring("data: ".length()), "item"))
                        .toList();
        return items.stream()
                .filter(item -> Recording.tree(item).path("type").asText().equals("compaction"))
                .collect(Collectors.joining());
    }

    @TestFactory
    Stream<DynamicTest> recordedLongConversation_nextRequestBeginsWithTheCompactionItem() throws IOException {
        String chunks = Files.readString(recordings().resolve("ai--openai-openai-compaction-1.chunks.txt"));
        String recorded = chunks.lines()
                .filter(line -> !line.isBlank())
                .map(line -> "data: " + line + "\n\n")
                .collect(Collectors.joining());
        return Stream.of(DynamicTest.dynamicTest("ai--openai-openai-compaction-1", () -> {
            try (RawServer server = RawServer.answering(stream(recorded), stream(Events.saying("4")));
                    AgentLoop agent = agent(server, true, 50_000)) {
                Conversation conversation = agent.newConversation();
                conversation.run("Summarise what we have.");
                conversation.run("What is 2+2?");
                assertThat(server.bodies().get(1)).contains(inputStart(List.of(compaction(recorded))));
            }
        }));
    }
}
