package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.call;
import static dev.agentloop.openai.Events.delta;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.failed;
import static dev.agentloop.openai.Events.message;
import static dev.agentloop.openai.Events.reasoning;
import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.cut;
import static dev.agentloop.openai.Replies.error;
import static dev.agentloop.openai.Replies.reset;
import static dev.agentloop.openai.Replies.silence;
import static dev.agentloop.openai.Replies.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Streams that break: before an item is done, after it, and behind the last event. */
class BrokenStreamsTest extends FaultTable {
    static Stream<Row> rows() {
        List<Row> rows = new ArrayList<>();
        brokenStreams(rows);
        return rows.stream();
    }

    private static void brokenStreams(List<Row> rows) {
        rows.add(heals("cut after the head", cut("")));
        rows.add(heals("cut in the middle of an event", cut(CREATED + "data: {\"type\":\"response.compl")));
        rows.add(heals("cut after some text", cut(CREATED + delta("output_text", "Hel"))));
        rows.add(heals("cut after a message was done", cut(CREATED + done(0, message("Hello")))));
        rows.add(heals("reset after some text", reset(CREATED + delta("output_text", "Hel"))));
        rows.add(heals("ended without a last event", stream(CREATED + delta("output_text", "Hel"))));
        rows.add(heals("ended by [DONE] alone", stream(CREATED + "data: [DONE]\n\n")));
        rows.add(heals(
                "ended in the middle of the last event", stream(CREATED + "data: {\"type\":\"response.completed\"")));
        rows.add(heals("silent before the head", silence("")));
        rows.add(heals("silent in the middle", silence(CREATED + delta("output_text", "Hel"))));
        rows.add(new Row(
                "ended early for ever",
                List.of(stream(CREATED)),
                4,
                "",
                "TRANSPORT 200",
                CUT + " Given up after 4 tries."));
        rows.add(new Row(
                "silent for ever",
                List.of(silence(CREATED)),
                4,
                "",
                "TRANSPORT 200",
                "SERVER sent no event for 1000 ms (the idle timeout), so the connection was closed. (request req_1) Given up"
                        + " after 4 tries."));
        rows.add(new Row(
                "breaking requests and breaking streams by turns: the budgets add up",
                List.of(
                        stream(CREATED),
                        error(500, "", "a"),
                        stream(CREATED),
                        error(500, "", "b"),
                        stream(CREATED),
                        error(500, "", "c")),
                6,
                "",
                "SERVER invalid_request_error 500",
                "SERVER answered HTTP 500 (invalid_request_error): c. The server failed; trying again later may help."
                        + " (request req_1) Given up after 6 tries."));
        rows.add(new Row(
                "ended after a call was done: the loop's to handle",
                List.of(stream(CREATED + done(0, reasoning("gAAA")) + done(1, call("call_1", "{}")))),
                1,
                "reasoning function_call",
                "TRANSPORT 200",
                CUT));
        rows.add(new Row(
                "cut after a call was done: the loop's to handle",
                List.of(cut(CREATED + done(0, call("call_1", "{}")))),
                1,
                "function_call",
                "TRANSPORT 200",
                BROKE));
        rows.add(new Row(
                "cut after a custom call was done: the loop's to handle",
                List.of(stream(CREATED
                        + done(0, "{\"type\":\"custom_tool_call\",\"call_id\":\"c\",\"name\":\"n\",\"input\":\"\"}"))),
                1,
                "custom_tool_call",
                "TRANSPORT 200",
                CUT));
        rows.add(new Row(
                "failed after a call was done: the loop's to handle",
                List.of(stream(CREATED + done(0, call("call_1", "{}")) + failed("server_error", "Oops."))),
                1,
                "function_call",
                "SERVER server_error 200",
                "SERVER broke off with an error (server_error): Oops. The server failed; trying again later may help."
                        + " (request req_1)"));
        rows.add(survives("cut behind the last event", cut(saying("Hello"))));
        rows.add(survives(
                "cut behind the last event, its blank line missing",
                cut(saying("Hello").stripTrailing() + "\n")));
        rows.add(survives("a body that never ends", silence(saying("Hello"))));
    }
}
