package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.openai.Effects.Effect;
import dev.agentloop.openai.FaultyLoop.Fault;
import dev.agentloop.openai.IdServer.Turn;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The servers and checks of the tests of call ids, with planted faults: each must be seen, and said in words. */
class CheckerTest {
    private static final String CALL = "{'type':'function_call','call_id':'c1','name':'echo','arguments':'{}'}";
    private static final String OUTPUT = "{'type':'function_call_output','call_id':'c1','output':'done'}";
    private static final String DONE = "{'events':[{'type':'response.completed','response':{'output':[]}}]}";
    private static final int SERVERS = 60;

    private final HttpClient client = HttpClient.newHttpClient();

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private HttpResponse<byte[]> post(String url, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(url + "/responses"))
                .POST(HttpRequest.BodyPublishers.ofString(json(body)))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
    }

    private static String text(HttpResponse<byte[]> response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    static Stream<Arguments> brokenInputs() {
        String other = OUTPUT.replace("c1", "c2");
        return Stream.of(
                Arguments.of("a call without output", CALL, "the call c1 has no output"),
                Arguments.of(
                        "an output without call", OUTPUT, "item 0: an output has the id c1, and no call before it has"),
                Arguments.of("an output before its call", OUTPUT + "," + CALL, "and no call before it has"),
                Arguments.of("an output of another id", CALL + "," + other, "item 1: an output has the id c2"),
                Arguments.of(
                        "two calls with one id",
                        CALL + "," + OUTPUT + "," + CALL + "," + OUTPUT,
                        "item 2: two calls have the id c1"),
                Arguments.of("two outputs", CALL + "," + OUTPUT + "," + OUTPUT, "item 2: two outputs have the id c1"),
                Arguments.of(
                        "an output of another kind",
                        CALL + "," + OUTPUT.replace("function", "custom_tool"),
                        "a function_call is answered by a custom_tool_call_output"),
                Arguments.of("no id", CALL.replace("'call_id':'c1',", ""), "item 0 (function_call) has no call_id"),
                Arguments.of("a null id", CALL.replace("'c1'", "null"), "item 0 (function_call) has no call_id"),
                Arguments.of("an empty id", CALL.replace("c1", ""), "item 0 (function_call) has no call_id"),
                Arguments.of("a number as id", CALL.replace("'c1'", "7"), "item 0 (function_call) has no call_id"));
    }

    static Stream<Arguments> illegalForms() {
        return Stream.of(
                Arguments.of("an over-long id", "'c1'", "'" + "c".repeat(65) + "'", "illegal call_id of 65 characters"),
                Arguments.of("an id with a space", "'c1'", "'c 1'", "illegal call_id of 3 characters"),
                Arguments.of("an id with a control character", "'c1'", "'c\\u0001'", "illegal call_id of 2 characters"),
                Arguments.of(
                        "a name with a point", "'echo'", "'functions.echo'", "the illegal name \"functions.echo\""),
                Arguments.of("an over-long name", "'echo'", "'" + "e".repeat(65) + "'", "the illegal name \"eee"),
                Arguments.of("no name", "'name':'echo',", "", "item 0 has the illegal name"),
                Arguments.of("arguments that are an object", "'{}'", "{}", "no text of a JSON object: {}"),
                Arguments.of("arguments that are empty", "'{}'", "''", "no text of a JSON object: \"\""),
                Arguments.of("arguments that are cut", "'{}'", "'{\\u0022x'", "no text of a JSON object: \"{"),
                Arguments.of("arguments that are an array", "'{}'", "'[]'", "no text of a JSON object: \"[]\""),
                Arguments.of("no arguments", ",'arguments':'{}'", "", "no text of a JSON object: "));
    }

    @ParameterizedTest
    @MethodSource("brokenInputs")
    void pairing_planted_isSaidByAnyServer_andRefusedByAStrictOne(String what, String input, String said)
            throws Exception {
        assertSeen(input, said, true);
    }

    @ParameterizedTest
    @MethodSource("illegalForms")
    void form_planted_isRefusedByAStrictServer(String what, String legal, String illegal, String said)
            throws Exception {
        assertSeen((CALL + "," + OUTPUT).replace(legal, illegal), said, false);
    }

    private void assertSeen(String input, String said, boolean pairing) throws Exception {
        String body = "{'input':[" + input + "]}";
        for (boolean strict : List.of(false, true)) {
            try (CaseServer server = new CaseServer(
                    CaseFile.of(json("{'strict':" + strict + ",'strict_status':422,'responses':[" + DONE + "]}")))) {
                HttpResponse<byte[]> response = post(server.baseUrl(), body);

                assertThat(response.statusCode()).isEqualTo(strict ? 422 : 200);
                assertThat(server.answered()).isEqualTo(strict ? 0 : 1);
                if (pairing) {
                    assertThat(server.violations())
                            .anySatisfy(violation -> assertThat(violation).contains(said));
                } else {
                    assertThat(server.violations()).isEmpty();
                }
                if (strict) {
                    assertThat(server.refusals()).singleElement().asString().contains(said);
                    JsonNode error = Recording.tree(text(response)).path("error");
                    assertThat(error.path("message").asText())
                            .isEqualTo(server.refusals().get(0));
                }
                assertThat(server.failures()).isEmpty();
            }
        }
    }

    @Test
    void strictServer_legalInput_answers() throws Exception {
        String custom = (CALL + "," + OUTPUT)
                .replace("function_call", "custom_tool_call")
                .replace("c1", "c".repeat(64))
                .replace("'arguments'", "'input'");
        try (CaseServer server = new CaseServer(CaseFile.of(json("{'strict':true,'responses':[" + DONE + "]}")))) {
            HttpResponse<byte[]> response = post(
                    server.baseUrl(), "{'input':[" + CALL + "," + custom.replace("},{", "}," + OUTPUT + ",{") + "]}");

            assertThat(text(response))
                    .startsWith("event: response.completed\ndata: {")
                    .endsWith("}\n\n");
            assertThat(server.refusals()).isEmpty();
            assertThat(server.violations()).isEmpty();
        }
    }

    @Test
    void caseServer_playsRepliesInOrder_theLastOneAgainAndAgain() throws Exception {
        String first = "{'status':429,'reason':'Slow','headers':['Retry-After: 60'],'json':{'error':'slow'}}";
        String second = "{'status':502,'text':'bad gateway'}";
        String third = "{'encoding':'gzip','events':[{'type':'response.created'},'data: [DONE]\\n\\n']}";
        try (CaseServer server =
                new CaseServer(CaseFile.of(json("{'responses':[" + String.join(",", first, second, third) + "]}")))) {
            HttpResponse<byte[]> slow = post(server.baseUrl(), "{'input':[]}");
            HttpResponse<byte[]> bad = post(server.baseUrl(), "{'input':[]}");
            post(server.baseUrl(), "{'input':[]}");
            HttpResponse<byte[]> packed = post(server.baseUrl(), "{'input':[]}");

            assertThat(slow.statusCode()).isEqualTo(429);
            assertThat(slow.headers().firstValue("Retry-After")).contains("60");
            assertThat(text(slow)).isEqualTo("{\"error\":\"slow\"}");
            assertThat(bad.statusCode()).isEqualTo(502);
            assertThat(text(bad)).isEqualTo("bad gateway");
            assertThat(packed.headers().firstValue("Content-Encoding")).contains("gzip");
            try (GZIPInputStream body = new GZIPInputStream(new ByteArrayInputStream(packed.body()))) {
                assertThat(new String(body.readAllBytes(), StandardCharsets.UTF_8))
                        .isEqualTo(
                                "event: response.created\ndata: {\"type\":\"response.created\"}\n\ndata: [DONE]\n\n");
            }
            assertThat(server.answered()).isEqualTo(4);
        }
    }

    @Test
    void caseServer_refusesAFieldAndAnOverflow_asTheCaseSays() throws Exception {
        try (CaseServer server = new CaseServer(
                CaseFile.of(json("{'refuse':'prompt_cache_key','refuse_above':20,'responses':[" + DONE + "]}")))) {
            HttpResponse<byte[]> field = post(server.baseUrl(), "{'prompt_cache_key':'k','input':[]}");
            HttpResponse<byte[]> large = post(server.baseUrl(), "{'model':'" + "m".repeat(100) + "','input':[]}");

            assertThat(field.statusCode()).isEqualTo(400);
            assertThat(large.statusCode()).isEqualTo(400);
            assertThat(text(large)).contains("context_length_exceeded");
            assertThat(server.refusals())
                    .containsExactly("the field prompt_cache_key is not known", "30 tokens are more than 20");
            assertThat(server.answered()).isZero();
        }
    }

    @Test
    void effects_planted_areSeen() {
        Effects effects = new Effects();
        effects.add(new Effect("k1", "c1", "echo", "{}"));
        effects.add(new Effect("k1", "c1", "echo", "{}"));
        effects.add(new Effect("k2", "c2", "note", "{}"));

        assertThat(effects.repeated()).containsExactly("done twice under the key k1: echo {}");
        assertThat(effects.differences(List.of("echo {}", "ping {}")))
                .containsExactly(
                        "done and not sent, 1 times: echo {}",
                        "done and not sent, 1 times: note {}",
                        "sent and not done, 1 times: ping {}");
    }

    /** All that the judges say of one loop at many servers. */
    private static List<String> findings(Fault fault) throws Exception {
        List<String> findings = new ArrayList<>();
        for (int seed = 1; seed <= SERVERS; seed++) {
            IdServer server = new IdServer(seed, false);
            Effects effects = new Effects();
            try (RawServer socket = RawServer.answering(server::answer)) {
                FaultyLoop loop = new FaultyLoop(fault, socket.baseUrl(), effects);
                for (int turns = 1 + new Random(seed).nextInt(5); turns > 0 && findings.isEmpty(); turns--) {
                    Turn turn = server.beginTurn();
                    String answer = loop.run("task " + turns);
                    findings.addAll(server.violations());
                    findings.addAll(effects.repeated());
                    findings.addAll(effects.differences(server.expected()));
                    if (!answer.equals(turn == Turn.ENDS ? server.answer() : "")) {
                        findings.add("a turn of " + turn + " ended with the answer \"" + answer + "\"");
                    }
                }
                assertThat(socket.failures()).isEmpty();
            }
        }
        return findings;
    }

    @Test
    void loopWithoutFault_passesAtRandomServers() throws Exception {
        assertThat(findings(Fault.NONE)).isEmpty();
    }

    private static String seenBy(Fault fault) {
        return switch (fault) {
            case NONE -> "";
            case KEEPS_IDS, NAMES_OUTPUTS_BY_THE_SERVER -> "has the id|have the id|has no call_id";
            case KEEPS_ARGUMENTS -> "no text of a JSON object";
            case DROPS_WHAT_IT_HAS_SEEN, TAKES_REPLAYS_FOR_EVER -> "sent and not done";
            case RUNS_REPLAYS -> "done and not sent";
            case FORGETS_AN_OUTPUT -> "has no output";
            case ANSWERS_TWICE -> "two outputs have the id";
            case ONE_KEY_FOR_EQUAL_CALLS, RUNS_TWICE -> "done twice under the key";
            case ASKS_FOR_EVER -> "paid for without progress";
        };
    }

    @ParameterizedTest
    @EnumSource(names = "NONE", mode = EnumSource.Mode.EXCLUDE)
    void loopWithFault_isSeenAtRandomServers(Fault fault) throws Exception {
        assertThat(findings(fault)).anySatisfy(finding -> assertThat(finding).containsPattern(seenBy(fault)));
    }
}
