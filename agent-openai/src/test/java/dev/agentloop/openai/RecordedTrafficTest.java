package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Toolbox;
import dev.agentloop.openai.Recording.Exchanged;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Replays recorded traffic of many servers and clients: each recorded response is served on loopback in answer to its
 * recorded request, and what comes out is compared with what a plain JSON library reads in the recording.
 */
@EnabledIfSystemProperty(
        named = "agentloop.fixtures",
        matches = ".+",
        disabledReason = "no recorded traffic: -Dagentloop.fixtures names its folder (CONTRIBUTING.md)")
class RecordedTrafficTest {
    private final List<Exchanged> current = new ArrayList<>();
    private int files;
    private int items;
    private int requests;
    private int refusals;

    @Test
    void respond_everyRecording_decodesAndItsItemsGoBackAsTheyCame() throws Exception {
        String root = System.getProperty("agentloop.fixtures");
        List<Path> recordings;
        try (Stream<Path> all = Files.walk(Path.of(root, "responses"))) {
            recordings = all.filter(Recording::isResponse).sorted().toList();
        }
        try (RawServer server = RawServer.answering(request -> current.get(0).reply())) {
            OpenAiModel model = OpenAiModel.builder("gpt-5.1")
                    .baseUrl(server.baseUrl())
                    .retries(RetryPolicy.NEVER)
                    .build();
            for (Path recording : recordings) {
                for (Exchanged exchanged : Recording.read(recording)) {
                    current.clear();
                    current.add(exchanged);
                    check(model, exchanged, server);
                }
                files++;
            }
            assertThat(server.connections()).isEqualTo(1);
        }
        System.out.println("recorded traffic: " + files + " files, " + items + " items that go back, " + requests
                + " recorded requests, " + refusals + " refusals");
        assertThat(files).isPositive();
        assertThat(items).isPositive();
        assertThat(requests).isPositive();
        assertThat(refusals).isPositive();
    }

    private void check(OpenAiModel model, Exchanged exchanged, RawServer server) throws Exception {
        Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(exchanged.input());
        Told told = new Told();
        if (exchanged.refused()) {
            refusals++;
            assertThatThrownBy(() -> model.respond(prompt, told))
                    .as(exchanged.name())
                    .isInstanceOfSatisfying(ModelException.class, e -> {
                        assertThat(e.status()).isEqualTo(exchanged.status());
                        assertThat(e.requestId()).isEqualTo(exchanged.requestId());
                        assertThat(e.code()).isEqualTo(exchanged.errorCode());
                        assertThat(e.retryable()).isFalse();
                        assertThat(e).hasMessageContaining(exchanged.errorText());
                    });
            return;
        }
        ModelResponse response = model.respond(prompt, told);

        assertThat(response.items()).as(exchanged.name()).isEqualTo(told.items);
        assertThat(response.items().stream().map(Item::json).toList())
                .as(exchanged.name())
                .isEqualTo(exchanged.itemTexts());
        assertThat(response.items().stream()
                        .map(item -> Recording.tree(item.json()))
                        .toList())
                .as(exchanged.name())
                .isEqualTo(exchanged.items());
        assertThat(response.id())
                .as(exchanged.name())
                .isEqualTo(exchanged.last().path("id").asText(""));
        assertThat(told.text).as(exchanged.name()).hasToString(exchanged.text());
        checkUsage(response, exchanged);
        items += response.items().size();
        checkRequest(exchanged, server);
    }

    private static void checkUsage(ModelResponse response, Exchanged exchanged) {
        JsonNode usage = exchanged.last().path("usage");
        boolean reported = usage.path("input_tokens").asLong()
                        + usage.path("output_tokens").asLong()
                > 0;
        assertThat(response.usage().estimated()).as(exchanged.name()).isEqualTo(!reported);
        if (reported) {
            assertThat(response.usage().input())
                    .isEqualTo(usage.path("input_tokens").asLong());
            assertThat(response.usage().output())
                    .isEqualTo(usage.path("output_tokens").asLong());
            assertThat(response.usage().cached())
                    .isEqualTo(usage.path("input_tokens_details")
                            .path("cached_tokens")
                            .asLong());
            assertThat(response.usage().reasoning())
                    .isEqualTo(usage.path("output_tokens_details")
                            .path("reasoning_tokens")
                            .asLong());
        }
    }

    private void checkRequest(Exchanged exchanged, RawServer server) {
        String sent =
                new String(server.requests().get(server.requests().size() - 1).body(), StandardCharsets.UTF_8);
        List<JsonNode> input = new ArrayList<>();
        Recording.tree(sent).get("input").forEach(input::add);
        assertThat(input).as(exchanged.name()).isEqualTo(exchanged.replayedInput());
        requests += exchanged.input().isEmpty() ? 0 : 1;
    }
}
