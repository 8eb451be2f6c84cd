package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.testkit.internal.http.HttpRequest;
import dev.agentloop.testkit.internal.http.ResponseEvents;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictRequestSchemaTest {
    private static StrictRequestSchema schema;

    @BeforeAll
    static void load() {
        schema = StrictRequestSchema.orSkip();
    }

    /** A tool with a grammar. */
    private static final class Patch extends SampleTool {
        @Override
        public Specification specification() {
            return new Specification("patch", "Patches.", SCHEMA, false, new Tool.Grammar("lark", "start: \"x\""));
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text("patched");
        }
    }

    private static Item received(String json) {
        return Item.received(json.getBytes(StandardCharsets.UTF_8)).orElseThrow();
    }

    private static String body(Prompt prompt) {
        StringBuilder body = new StringBuilder();
        for (ByteBuffer buffer : prompt.wire()) {
            body.append(StandardCharsets.ISO_8859_1.decode(buffer));
        }
        String latin = body.append("],").append(prompt.ending()).append('}').toString();
        return new String(latin.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static Prompt everyKindOfItem() {
        PromptSettings settings = PromptSettings.of("gpt-5")
                .instructions("Be careful.")
                .effort("high")
                .reasoningSummary("auto")
                .verbosity("low")
                .customTools(true)
                .maxOutputTokens(1_000)
                .cacheKey("k")
                .answerFormat("answer", SampleTool.SCHEMA)
                .field("service_tier", "\"flex\"")
                .build();
        ToolCall call = ToolCall.function("call_1", "sample", "{}");
        ToolCall custom = ToolCall.custom("call_2", "patch", "x");
        ToolOutput image = new ToolOutput(
                List.of(new ToolOutput.Text("see"), new ToolOutput.Image("data:image/png;base64,AAAA", "auto")), false);
        return Prompt.of(settings, Toolbox.of(List.of(new SampleTool(), new Patch())))
                .plus(List.of(
                        Item.developer("Rules."),
                        Item.message("user", "one", "two"),
                        Item.user("Look.", List.of("data:image/png;base64,AAAA")),
                        received("{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[],\"encrypted_content\":\"x\"}"),
                        received("{\"type\":\"function_call\",\"id\":\"fc_1\",\"status\":\"completed\","
                                + "\"arguments\":\"{}\",\"call_id\":\"call_1\",\"name\":\"sample\"}"),
                        received("{\"type\":\"custom_tool_call\",\"id\":\"ctc_1\",\"status\":\"completed\","
                                + "\"input\":\"x\",\"call_id\":\"call_2\",\"name\":\"patch\"}"),
                        image.item(call),
                        ToolOutput.text("done").item(custom),
                        received("{\"type\":\"message\",\"id\":\"msg_1\",\"status\":\"completed\","
                                + "\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"ok\","
                                + "\"annotations\":[],\"logprobs\":[]}]}")));
    }

    @Test
    void everyKindOfItemThatTheLibraryMakes_isAccepted() {
        assertThat(schema.violations(body(everyKindOfItem()))).isEmpty();
    }

    private static String last(PromptSettings settings, RunOptions options) {
        ScriptedModel model = ScriptedModel.builder()
                .settings(settings)
                .answer(ScriptedResponse.says("one"), ScriptedResponse.says("two"))
                .build();
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .developerInstructions("Be quick.")
                .tools(new SampleTool(), new Patch())
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b", options);
        }
        return body(model.lastPrompt());
    }

    @Test
    void cacheFieldsAndAllowedTools_areAccepted() {
        PromptSettings.Builder newer = PromptSettings.of("gpt-5.6")
                .customTools(true)
                .cacheOptions(true)
                .cacheBreakpoints(true);
        String restricted = last(
                newer.cacheMode("explicit").cacheTtl("30m").build(),
                RunOptions.DEFAULT.withAllowedTools(Set.of("sample", "patch")));
        assertThat(restricted)
                .contains("\"prompt_cache_options\":{", "\"prompt_cache_breakpoint\":{", "\"type\":\"allowed_tools\"");
        assertThat(schema.violations(restricted)).isEmpty();
        String older = last(
                PromptSettings.of("gpt-5").cacheRetention("24h").build(),
                RunOptions.DEFAULT.withAllowedTools(Set.of()));
        assertThat(older).contains("\"prompt_cache_retention\":\"24h\"", "\"tool_choice\":\"none\"");
        assertThat(schema.violations(older)).isEmpty();
    }

    @Test
    void cacheDiagnostics_areAcceptedButForTheKnownGap() {
        PromptSettings settings = PromptSettings.of("gpt-5.6")
                .cacheOptions(true)
                .cacheTtl("30m")
                .cacheDiagnostics(true)
                .build();
        String compared = last(settings, RunOptions.DEFAULT);
        String gap = ",\"comparison_response_id\":\"resp_1\"";
        assertThat(compared).endsWith("\"prompt_cache_options\":{\"ttl\":\"30m\"" + gap + "}}");
        assertThat(schema.violations(compared)).isNotEmpty();
        assertThat(schema.violations(compared.replace(gap, ""))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"m\",\"input\":[],\"invented\":1}",
                "{\"model\":\"m\",\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\","
                        + "\"output\":\"ok\",\"invented\":1}]}",
                "{\"model\":\"m\",\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]}",
                "{\"model\":\"m\",\"input\":[],\"store\":\"no\"}"
            })
    void whatTheApiDoesNotKnow_isRefused(String body) {
        assertThat(schema.violations(body)).isNotEmpty();
    }

    /** What the API accepts and its description does not; a test that sends one of these must not use the schema. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"model\":\"m\",\"input\":[{\"type\":\"configuration_update\",\"reasoning\":{\"effort\":\"low\"}}]}",
                "{\"model\":\"m\",\"input\":[],\"tools\":[{\"type\":\"function\",\"name\":\"n\",\"parameters\":{},"
                        + "\"strict\":false,\"async\":true}]}",
                "{\"model\":\"m\",\"input\":[],\"prompt_cache_options\":{\"comparison_response_id\":\"resp_1\"}}",
                "{\"model\":\"m\",\"input\":[],\"prompt_cache_options\":{\"prewarm\":true}}",
                "{\"model\":\"m\",\"input\":[{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":"
                        + "\"output_text\",\"text\":\"ok\",\"a_field_of_tomorrow\":1}]}]}"
            })
    void knownGap_isStillOne(String body) {
        assertThat(schema.violations(body)).isNotEmpty();
    }

    @Test
    void eventsOfAScriptedResponse_areThoseOfTheApi() throws Exception {
        List<ScriptedResponse> responses = List.of(
                ScriptedResponse.reasons("think")
                        .andSays("I look.")
                        .andCalls("call_1", "sample", "{}")
                        .andCallsCustom("call_2", "patch", "x"),
                ScriptedResponse.empty().andRefuses("no"),
                ScriptedResponse.says("half").andIsIncomplete("max_output_tokens"),
                ScriptedResponse.empty().andFails("server_error", "it fell over"),
                ScriptedResponse.empty().andErrs("server_error", "it fell over"));
        List<String> violations = new ArrayList<>();
        for (ScriptedResponse response : responses) {
            StringBuilder stream = new StringBuilder();
            new ResponseEvents(response.script(), "gpt-5", 1, dev.agentloop.Usage.NONE, 8)
                    .stream(bytes -> stream.append(new String(bytes, StandardCharsets.UTF_8)));
            for (String line : stream.toString().split("\n", -1)) {
                if (line.startsWith("data: ")) {
                    for (String violation : schema.eventViolations(line.substring(6))) {
                        // Recorded streams differ from the description in these two points.
                        if (!violation.equals("$.response.usage: null found, object expected")
                                && !line.contains("function_call_arguments.done")) {
                            violations.add(violation + " in " + line);
                        }
                    }
                }
            }
        }
        assertThat(violations).isEmpty();
    }

    @Test
    void server_checksEachRequestBySchema() throws Exception {
        try (ScriptedServer server = ScriptedServer.builder()
                .check(schema::check)
                .otherwise(request -> ScriptedResponse.says("ok"))
                .start()) {
            server.plan(new HttpRequest(
                    "POST",
                    "/v1/responses",
                    java.util.Map.of(),
                    body(everyKindOfItem()).getBytes(StandardCharsets.UTF_8),
                    0));
            assertThat(server.problems()).isEmpty();
            String invented = "{\"model\":\"m\",\"invented\":1,\"store\":false,\"input\":[]}";
            server.plan(new HttpRequest(
                    "POST", "/v1/responses", java.util.Map.of(), invented.getBytes(StandardCharsets.UTF_8), 0));
            assertThat(server.problems()).singleElement().asString().contains("against the strict schema");
        }
    }
}
