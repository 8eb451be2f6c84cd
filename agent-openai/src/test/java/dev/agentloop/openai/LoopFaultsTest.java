package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.call;
import static dev.agentloop.openai.Events.completed;
import static dev.agentloop.openai.Events.delta;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.event;
import static dev.agentloop.openai.Events.failed;
import static dev.agentloop.openai.Events.message;
import static dev.agentloop.openai.Events.reasoning;
import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Events.terminal;
import static dev.agentloop.openai.Replies.cut;
import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.of;
import static dev.agentloop.openai.Replies.pieces;
import static dev.agentloop.openai.Replies.reset;
import static dev.agentloop.openai.Replies.silence;
import static dev.agentloop.openai.Replies.stream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.openai.RawServer.Reply;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the whole loop makes of faults of the server and of tools: how many requests are sent, which items are kept, how the
 * run ends, and the text that is shown. {@link FaultTable} has the faults of a single request in more detail.
 */
class LoopFaultsTest {
    private static final RetryPolicy QUICK = new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofSeconds(2));
    private static final Reply HELLO = stream(saying("Hello"));
    private static final String SENT_CALL = CREATED + done(0, reasoning("e")) + done(1, call("c1", "{}"));
    private static final String AGAIN = "user, reasoning, call c1, output c1 looked, assistant Hello";
    private static final String PLAIN = "user, assistant Hello";
    private static final String FINISHED = "Finished: Hello";

    record Row(String fault, int requests, String items, String end, Reply... replies) {
        @Override
        public String toString() {
            return fault;
        }
    }

    static Stream<Row> streams() {
        return Stream.of(
                new Row(
                        "cut before an item is done",
                        2,
                        PLAIN,
                        FINISHED,
                        cut(CREATED + delta("output_text", "He")),
                        HELLO),
                new Row(
                        "cut after a message is done",
                        2,
                        PLAIN,
                        FINISHED,
                        cut(CREATED + done(0, message("lost"))),
                        HELLO),
                new Row(
                        "cut after reasoning is done",
                        2,
                        PLAIN,
                        FINISHED,
                        cut(CREATED + done(0, reasoning("e"))),
                        HELLO),
                new Row("cut after a call is done", 2, AGAIN, FINISHED, cut(SENT_CALL), HELLO),
                new Row("reset after a call is done", 2, AGAIN, FINISHED, reset(SENT_CALL), HELLO),
                new Row("silent after a call is done", 2, AGAIN, FINISHED, silence(SENT_CALL), HELLO),
                new Row("silent from the start", 2, PLAIN, FINISHED, silence(""), HELLO),
                new Row(
                        "the same call again after a cut",
                        3,
                        AGAIN,
                        FINISHED,
                        cut(SENT_CALL),
                        stream(CREATED + done(0, call("c1", "{}")) + completed(call("c1", "{}"))),
                        HELLO),
                new Row(
                        "split UTF-8",
                        1,
                        "user, assistant Grüße 😀",
                        "Finished: Grüße 😀",
                        pieces(Replies.bytes(saying("Grüße 😀")), 1)),
                new Row(
                        "comments, [DONE]",
                        1,
                        PLAIN,
                        FINISHED,
                        stream(": hi\n\n" + saying("Hello") + "data: [DONE]\n\n")),
                new Row(
                        "data without event",
                        1,
                        PLAIN,
                        FINISHED,
                        stream(saying("Hello").replaceAll("event: .*\n", ""))),
                new Row(
                        "no final blank line",
                        1,
                        PLAIN,
                        FINISHED,
                        stream(saying("Hello").stripTrailing())),
                new Row(
                        "unknown event",
                        1,
                        PLAIN,
                        FINISHED,
                        stream(event("acme.thing", "{\"type\":\"acme.thing\"}") + saying("Hello"))),
                new Row(
                        "unknown item",
                        1,
                        "user, acme:thing, assistant Hello",
                        FINISHED,
                        stream(CREATED
                                + done(0, "{\"type\":\"acme:thing\",\"id\":\"a\",\"x\":1}")
                                + done(1, message("Hello"))
                                + completed("{\"type\":\"acme:thing\"}", message("Hello")))),
                new Row(
                        "call ids that come again",
                        2,
                        "user, call c1, call c1~N, output c1 looked, output c1~N looked, assistant Hello",
                        FINISHED,
                        stream(CREATED
                                + done(0, call("c1", "{}"))
                                + done(1, call("c1", "{}"))
                                + completed(call("c1", "{}"), call("c1", "{}"))),
                        HELLO));
    }

    static Stream<Row> requests() {
        return Stream.of(
                new Row("500 once", 2, PLAIN, FINISHED, error(500, "", "Oops"), HELLO),
                new Row(
                        "500 for ever",
                        3,
                        "user",
                        "SERVER: SERVER answered HTTP 500 (invalid_request_error): Oops. The server failed; trying again"
                                + " later may help. (request req_1) Given up after 3 tries.",
                        error(500, "", "Oops")),
                new Row(
                        "429 with retry-after",
                        2,
                        PLAIN,
                        FINISHED,
                        error(429, "rate_limit_exceeded", "Slow", "retry-after-ms: 2"),
                        HELLO),
                new Row(
                        "429 quota",
                        1,
                        "user",
                        "QUOTA: SERVER answered HTTP 429 (insufficient_quota): Empty. The owner of the account must check its"
                                + " plan and credit; trying again does not help. (request req_1)",
                        error(429, "insufficient_quota", "Empty")),
                new Row(
                        "400",
                        1,
                        "user",
                        "INVALID_REQUEST: SERVER answered HTTP 400 (invalid_request_error): Wrong. The request is wrong for"
                                + " this model or server; change its settings or its input. (request req_1)",
                        error(400, "", "Wrong")),
                new Row(
                        "401",
                        1,
                        "user",
                        "AUTHENTICATION: SERVER answered HTTP 401 (invalid_api_key): Bad key. Check the API key"
                                + " (OPENAI_API_KEY), and the organisation and project if they are set. (request req_1)",
                        error(401, "invalid_api_key", "Bad key")),
                new Row(
                        "text/plain error",
                        3,
                        "user",
                        "SERVER: SERVER answered HTTP 502: bad gateway. The server failed; trying again later may help. Given"
                                + " up after 3 tries.",
                        of(502, "text/plain", "bad gateway")),
                new Row(
                        "failed: server_error",
                        2,
                        PLAIN,
                        FINISHED,
                        stream(CREATED + failed("server_error", "Oops")),
                        HELLO),
                new Row(
                        "failed: rate_limit_exceeded with a delay",
                        2,
                        PLAIN,
                        FINISHED,
                        stream(CREATED + failed("rate_limit_exceeded", "try again in 3ms")),
                        HELLO),
                new Row(
                        "failed after a call, with a delay",
                        2,
                        AGAIN,
                        FINISHED,
                        stream(SENT_CALL + failed("rate_limit_exceeded", "try again in 3ms")),
                        HELLO),
                new Row(
                        "failed after a call, with a delay that is too long",
                        1,
                        "user, reasoning, call c1, output c1 looked",
                        "RATE_LIMIT: SERVER broke off with an error (rate_limit_exceeded): try again in 5m. Send fewer"
                                + " requests and tokens a minute, or have the limit raised. (request req_1) The server asks"
                                + " for a wait of 300 s, but RetryPolicy.maxAskedDelay allows 120 s: not tried again.",
                        stream(SENT_CALL + failed("rate_limit_exceeded", "try again in 5m")),
                        HELLO),
                new Row(
                        "failed: context_length_exceeded",
                        1,
                        "user",
                        "Stopped CONTEXT_LENGTH",
                        stream(CREATED + failed("context_length_exceeded", "Too long."))),
                new Row(
                        "failed: cyber_policy",
                        1,
                        "user",
                        "Stopped POLICY",
                        stream(CREATED + failed("cyber_policy", "Not allowed."))),
                new Row(
                        "400 invalid_encrypted_content, once",
                        3,
                        "user, call c1, output c1 looked, assistant Hello",
                        FINISHED,
                        stream(SENT_CALL + completed(reasoning("e"), call("c1", "{}"))),
                        error(400, "invalid_encrypted_content", "not verified"),
                        HELLO),
                new Row(
                        "400 invalid_encrypted_content, without reasoning",
                        1,
                        "user",
                        "INVALID_ENCRYPTED_CONTENT: SERVER answered HTTP 400 (invalid_encrypted_content): not verified. The"
                                + " reasoning in the prompt belongs to another key, organisation or model; leave it out and"
                                + " try once more. (request req_1)",
                        error(400, "invalid_encrypted_content", "not verified")),
                new Row(
                        "incomplete: max_output_tokens",
                        1,
                        "user, assistant Hel",
                        "Stopped MAX_OUTPUT_TOKENS: the response is incomplete: max_output_tokens",
                        stream(CREATED
                                + done(0, message("Hel"))
                                + terminal("incomplete", "\"status\":\"incomplete\"," + Events.USAGE, message("Hel"))
                                        .replace(
                                                "\"incomplete_details\":null",
                                                "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}"))));
    }

    static Stream<Row> tools() {
        return Stream.of(
                tool("arguments that are not JSON", call("c1", "{\"a\":"), "looked"),
                tool("unknown tool", call("c1", "{}").replace("\"look\"", "\"nope\""), "unsupported call: nope"),
                tool("a tool that throws", call("c1", "throw"), "look failed: java.io.IOException: it broke"),
                tool(
                        "a tool that hangs",
                        call("c1", "hang"),
                        "tool timed out after 100 milliseconds; it may have had its effect or not"),
                tool(
                        "a tool that prints a lot",
                        call("c1", "print"),
                        "Warning: truncated output (original token count: 500000) Total output lines: 1"));
    }

    private static Row tool(String fault, String call, String output) {
        return new Row(
                fault,
                2,
                "user, call c1, output c1 " + output + ", assistant Hello",
                FINISHED,
                stream(CREATED + done(0, call) + completed(call)),
                HELLO);
    }

    private static final class Look implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("look", "looks", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            switch (call.arguments()) {
                case "throw" -> throw new IOException("it broke");
                case "hang" -> new CountDownLatch(1).await();
                case "print" -> {
                    return ToolOutput.text("x".repeat(2_000_000));
                }
                default -> {
                    // Looks, and finds nothing worth telling.
                }
            }
            return ToolOutput.text("looked");
        }

        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }
    }

    @ParameterizedTest
    @MethodSource({"streams", "requests", "tools"})
    void fault_endsAsTheTableSays(Row row) throws IOException {
        try (RawServer server = RawServer.answering(row.replies());
                AgentLoop agent = AgentLoop.builder()
                        .model(OpenAiModel.builder("gpt-5.1-codex")
                                .baseUrl(server.baseUrl())
                                // Short only where it is to be reached: a busy machine may need a while for an answer.
                                .idleTimeout(Duration.ofSeconds(row.fault().startsWith("silent") ? 1 : 30))
                                .retries(QUICK)
                                .build())
                        .brokenResponses(QUICK)
                        .limits(Limits.NONE.withToolTimeout(Duration.ofMillis(100)))
                        .tools(new Look())
                        .build()) {
            Conversation conversation = agent.newConversation();
            String end = run(conversation).replace(server.baseUrl() + "/responses", "SERVER");
            assertThat(end).startsWith(row.end());
            // The version in an id that was replaced depends on how far the call before it was by then.
            assertThat(items(conversation).replaceAll("~\\d+", "~N")).isEqualTo(row.items());
            assertThat(server.requests()).hasSize(row.requests());
            assertThat(server.failures()).isEmpty();
        }
    }

    private static String run(Conversation conversation) {
        try {
            Outcome outcome = conversation.run("look around");
            if (outcome instanceof Outcome.Stopped stopped) {
                return "Stopped " + stopped.reason() + ": " + stopped.detail();
            }
            return outcome.getClass().getSimpleName() + ": " + outcome.text();
        } catch (ModelException e) {
            return e.kind() + ": " + e.getMessage();
        }
    }

    private static String items(Conversation conversation) {
        return conversation.prompt().items().stream().map(LoopFaultsTest::shown).collect(Collectors.joining(", "));
    }

    private static String shown(Item item) {
        if (item instanceof Item.Message message) {
            return message.role().equals("user") ? "user" : message.role() + " " + message.text();
        }
        if (item instanceof Item.Call call) {
            return "call " + call.callId();
        }
        if (item instanceof Item.Output output) {
            String text = output.text().lines().limit(2).collect(Collectors.joining(" "));
            return "output " + output.callId() + " " + text;
        }
        return item.type();
    }
}
