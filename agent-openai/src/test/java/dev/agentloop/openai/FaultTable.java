package dev.agentloop.openai;

import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Toolbox;
import dev.agentloop.openai.RawServer.Reply;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A table of faults. Each row says what the server does, how many requests it gets for it, which items are kept, how it
 * ends, and the text that is shown. The last reply of a row answers all further requests, so a row that asks again too
 * often shows.
 */
abstract class FaultTable {
    private static final RetryPolicy POLICY = new RetryPolicy(2, 3, Duration.ofMillis(1), Duration.ofSeconds(2));
    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofSeconds(30);
    static final String CUT = "SERVER ended the stream before the response was complete. (request req_1)";
    static final String BROKE = "the connection to SERVER broke in the middle of its response: …. (request req_1)";

    record Row(String fault, List<Reply> replies, int requests, String items, String end, String text) {
        @Override
        public String toString() {
            return fault;
        }
    }

    /** A fault that is over with the second request. */
    static Row heals(String fault, Reply reply) {
        return new Row(fault, List.of(reply, stream(saying("Hello"))), 2, "message", "complete", "Hello");
    }

    /** A fault that the text survives with the first request. */
    static Row survives(String fault, Reply reply) {
        return new Row(fault, List.of(reply), 1, "message", "complete", "Hello");
    }

    static Row fails(String fault, Reply reply, String end, String text) {
        return new Row(fault, List.of(reply), 1, "", end, text);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void respond_fault_isHandledAsTheRowSays(Row row) throws Exception {
        try (RawServer server = RawServer.answering(row.replies())) {
            OpenAiModel model = OpenAiModel.builder("gpt-5.1")
                    .baseUrl(server.baseUrl())
                    .apiKey("key-of-the-test")
                    .retries(POLICY)
                    .idleTimeout(row.fault().startsWith("silent") ? SHORT : LONG)
                    .build();
            Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Hi")));
            Told told = new Told();
            String end;
            String text;
            try {
                ModelResponse response = model.respond(prompt, told);
                end = response.incomplete() == null ? "complete" : "incomplete: " + response.incomplete();
                text = response.text();
                assertThat(response.items()).isEqualTo(told.items);
                assertThat(told.text).hasToString(response.text());
            } catch (ModelException e) {
                end = (e.kind() + " " + e.code()).strip() + " " + e.status();
                text = String.valueOf(e.getMessage())
                        .replace(server.baseUrl() + "/responses", "SERVER")
                        .replaceAll("(in the middle of its response: ).*( \\(request)", "$1….$2");
            }

            assertThat(end).isEqualTo(row.end());
            assertThat(text).isEqualTo(row.text());
            assertThat(told.items.stream().map(Item::type).collect(Collectors.joining(" ")))
                    .isEqualTo(row.items());
            assertThat(server.requests()).hasSize(row.requests());
            assertThat(server.bodies()).containsOnly(server.bodies().get(0));
            assertThat(server.failures()).isEmpty();
        }
    }
}
