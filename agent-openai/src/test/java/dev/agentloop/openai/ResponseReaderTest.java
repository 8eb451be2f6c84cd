package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.call;
import static dev.agentloop.openai.Events.delta;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.event;
import static dev.agentloop.openai.Events.message;
import static dev.agentloop.openai.Events.reasoning;
import static dev.agentloop.openai.Events.terminal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.ModelResponse.CacheDiagnosis;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a good response gives. */
@Timeout(60)
class ResponseReaderTest {
    private static ModelResponse read(String events, Model.Listener listener) throws Exception {
        try (RawServer server = RawServer.answering(Replies.stream(events))) {
            return ask(server, listener);
        }
    }

    private static ModelResponse ask(RawServer server, Model.Listener listener) throws InterruptedException {
        OpenAiModel model = OpenAiModel.builder("m")
                .baseUrl(server.baseUrl())
                .retries(RetryPolicy.NEVER)
                .build();
        Prompt prompt = Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Hi")));
        return model.respond(prompt, listener);
    }

    private static String everyDelta(String part) {
        return CREATED
                + event("response.reasoning_summary_part.added", part.replace("%d", "0"))
                + delta("reasoning_summary_text", "One")
                + event("response.reasoning_summary_part.added", part.replace("%d", "1"))
                + delta("reasoning_summary_text", "Two")
                + done(0, reasoning("gAAA"))
                + delta("reasoning_text", "raw")
                + delta("output_text", "Hel")
                + delta("output_text", "lo \u00e9\u6f22\ud83d\ude00\n\"")
                + done(1, message("Hello"))
                + delta("function_call_arguments", "{\"a\":")
                + delta("function_call_arguments", "1}")
                + done(2, call("call_1", "{\"a\":1}"))
                + delta("custom_tool_call_input", "*** Begin")
                + delta("refusal", "No.")
                + Events.completed();
    }

    @Test
    void read_deltasAndItems_areToldInTheirOrder() throws Exception {
        Told told = new Told();
        String part = "{\"type\":\"response.reasoning_summary_part.added\",\"summary_index\":%d,\"part\":{}}";

        ModelResponse response = read(everyDelta(part), told);

        assertThat(told.events)
                .containsExactly(
                        "REASONING One",
                        "REASONING \n\n",
                        "REASONING Two",
                        "item reasoning",
                        "REASONING raw",
                        "TEXT Hel",
                        "TEXT lo \u00e9\u6f22\ud83d\ude00\n\"",
                        "item message",
                        "ARGUMENTS {\"a\":",
                        "ARGUMENTS 1}",
                        "item function_call",
                        "ARGUMENTS *** Begin",
                        "TEXT No.");
        assertThat(response.items()).isEqualTo(told.items);
        assertThat(response.id()).isEqualTo("resp_1");
        assertThat(response.endTurn()).isTrue();
        assertThat(response.incomplete()).isNull();
        assertThat(response.usage()).isEqualTo(Usage.reported(75, 50, 5, 20, 8));
    }

    @Test
    void read_items_areTheServersBytesLessTheId() throws Exception {
        String odd =
                "{ \"type\" : \"message\",\n\"id\" : \"msg_9\" , \"role\":\"assistant\",\"new_field\":{\"id\":\"stays\","
                        + "\"n\":1.50e+3},\"content\":[{\"text\":\"\\u00e9\\/\",\"type\":\"output_text\"}] }";

        ModelResponse response =
                read(CREATED + done(0, odd.replace("\n", "\ndata: ")) + Events.completed(), new Told());

        assertThat(response.items().get(0).json())
                .isEqualTo(
                        "{ \"type\" : \"message\", \"role\":\"assistant\",\"new_field\":{\"id\":\"stays\",\"n\":1.50e+3},"
                                + "\"content\":[{\"text\":\"\\u00e9\\/\",\"type\":\"output_text\"}] }");
    }

    @Test
    void read_item_isToldWhileTheStreamGoesOn() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        RawServer.Reply waits = (connection, in, out) -> {
            out.write(Replies.bytes(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"));
            out.write(Replies.chunk(Replies.bytes(CREATED + done(0, call("call_1", "{}")))));
            out.flush();
            try {
                assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new java.io.InterruptedIOException("interrupted");
            }
            out.write(Replies.chunk(Replies.bytes(Events.completed())));
            out.write(Replies.bytes("0\r\n\r\n"));
            out.flush();
        };
        try (RawServer server = RawServer.answering(waits)) {
            ModelResponse response = ask(server, new Model.Listener() {
                @Override
                public void onItem(Item item) {
                    told.countDown();
                }
            });

            assertThat(response.toolCalls()).hasSize(1);
            assertThat(server.failures()).isEmpty();
        }
    }

    @Test
    void read_endTurnFalse_isSaid() throws Exception {
        ModelResponse response =
                read(CREATED + done(0, message("So far")) + terminal("completed", "\"end_turn\":false"), new Told());

        assertThat(response.endTurn()).isFalse();
    }

    @Test
    void read_callThatWasCutOff_isNotToBeRun() throws Exception {
        String cut = call("call_1", "{\"a\":").replace("\"completed\"", "\"incomplete\"");
        ModelResponse response = read(
                CREATED
                        + done(0, cut)
                        + terminal("incomplete", "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"),
                new Told());

        assertThat(response.items()).hasSize(1);
        assertThat(response.toolCalls()).isEmpty();
        assertThat(response.incomplete()).isEqualTo("max_output_tokens");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "null",
                "{}",
                "[]",
                "\"many\"",
                "{\"input_tokens\":0,\"output_tokens\":0}",
                "{\"input_tokens\":null,\"output_tokens\":5}",
                "{\"input_tokens\":\"7\",\"output_tokens\":5}",
                "{\"input_tokens\":7.5,\"output_tokens\":5}",
                "{\"input_tokens\":-7,\"output_tokens\":5}",
                "{\"input_tokens\":1e300,\"output_tokens\":5}",
                "{\"input_tokens\":99999999999999999999999,\"output_tokens\":5}",
            })
    void read_usageMissingOrAbsurd_isEstimated(String usage) throws Exception {
        ModelResponse response =
                read(CREATED + done(0, message("Hello")) + terminal("completed", "\"usage\":" + usage), new Told());

        assertThat(response.usage().estimated()).isTrue();
        assertThat(response.usage().input()).isPositive();
        assertThat(response.usage().output()).isPositive();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            nullValues = "-",
            value = {
                "{\"type\":\"cache_hit\"} | cache_hit | - | 0 | 0",
                "{\"type\":\"cache_miss\",\"reason\":\"tools_changed\",\"cache_missed_tokens\":900,"
                        + "\"comparison_reusable_tokens\":1200} | cache_miss | tools_changed | 900 | 1200",
                "{\"type\":\"cache_miss\",\"reason\":\"moon_changed\",\"cache_missed_tokens\":7}"
                        + " | cache_miss | moon_changed | 7 | 0",
                "{\"type\":\"cache_miss\",\"reason\":null,\"cache_missed_tokens\":\"many\"} | cache_miss | - | 0 | 0",
                "{\"type\":\"cache_miss\",\"cache_missed_tokens\":-4} | cache_miss | - | 0 | 0",
                "{\"type\":\"comparison_response_not_found\"} | comparison_response_not_found | - | 0 | 0",
                "{\"type\":\"unavailable\",\"a_field_of_tomorrow\":{}} | unavailable | - | 0 | 0",
                "{\"type\":\"cache_of_tomorrow\"} | cache_of_tomorrow | - | 0 | 0",
            })
    void read_cacheDiagnostics_areToldAsTheyCome(String json, String type, String reason, long missed, long reusable)
            throws Exception {
        String fields = "\"prompt_cache_diagnostics\":" + json;

        ModelResponse response = read(CREATED + done(0, message("Hello")) + terminal("completed", fields), new Told());

        CacheDiagnosis expected = new CacheDiagnosis(type, reason, missed, reusable);
        assertThat(response.cacheDiagnosis()).isEqualTo(expected);
        assertThat(expected.miss()).isEqualTo(type.equals("cache_miss"));
        assertThat(read(CREATED + done(0, message("Hello")) + terminal("incomplete", fields), new Told())
                        .cacheDiagnosis())
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"null", "{}", "[]", "\"cache_hit\"", "{\"type\":null}", "{\"type\":7}"})
    void read_cacheDiagnosticsWithoutType_areNone(String json) throws Exception {
        String fields = "\"prompt_cache_diagnostics\":" + json;

        assertThat(read(CREATED + done(0, message("Hello")) + terminal("completed", fields), new Told())
                        .cacheDiagnosis())
                .isNull();
    }

    @Test
    void read_usageWhosePartsAreLargerThanTheWhole_isBounded() throws Exception {
        String usage = "{\"input_tokens\":10,\"input_tokens_details\":{\"cached_tokens\":8,\"cache_write_tokens\":8},"
                + "\"output_tokens\":5,\"output_tokens_details\":{\"reasoning_tokens\":-3}}";

        assertThat(read(CREATED + terminal("completed", "\"usage\":" + usage), new Told())
                        .usage())
                .isEqualTo(Usage.reported(10, 8, 2, 5, 0));
        assertThat(read(
                                CREATED + terminal("completed", "\"usage\":{\"input_tokens\":10,\"output_tokens\":5}"),
                                new Told())
                        .usage())
                .isEqualTo(Usage.reported(10, 0, 0, 5, 0));
    }
}
