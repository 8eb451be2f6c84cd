package dev.agentloop.openai;

import static dev.agentloop.openai.Events.CREATED;
import static dev.agentloop.openai.Events.call;
import static dev.agentloop.openai.Events.completed;
import static dev.agentloop.openai.Events.delta;
import static dev.agentloop.openai.Events.done;
import static dev.agentloop.openai.Events.event;
import static dev.agentloop.openai.Events.message;
import static dev.agentloop.openai.Events.reasoning;
import static dev.agentloop.openai.Events.response;
import static dev.agentloop.openai.Events.saying;
import static dev.agentloop.openai.Replies.bytes;
import static dev.agentloop.openai.Replies.json;
import static dev.agentloop.openai.Replies.of;
import static dev.agentloop.openai.Replies.pieces;
import static dev.agentloop.openai.Replies.stream;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Streams and bodies that are unusual, and what is no response at all. */
class OddResponsesTest extends FaultTable {
    static Stream<Row> rows() {
        List<Row> rows = new ArrayList<>();
        oddStreams(rows);
        oddBodies(rows);
        return rows.stream();
    }

    private static void oddStreams(List<Row> rows) {
        String hello = saying("Hello");
        rows.add(survives(
                "split UTF-8", pieces(bytes(saying("Hello").replace("resp_1", "r\u00e9sp_\ud83d\ude00")), 1)));
        String long10 =
                message("Hello").replace("\"annotations\":[]", "\"annotations\":[\"" + "x".repeat(10 << 20) + "\"]");
        rows.add(survives("a line of 10 MiB", pieces(bytes(CREATED + done(0, long10) + completed()), 100_000)));
        rows.add(survives("data without event", stream(hello.replaceAll("(?m)^event:.*\n", ""))));
        rows.add(survives(
                "event without a type in the data", stream(hello.replaceAll("\"type\":\"response[^\"]*\",", ""))));
        rows.add(survives(
                "data over several lines", stream(hello.replace("\"output_index\"", "\ndata: \"output_index\""))));
        rows.add(survives(
                "no space after the colons",
                stream(hello.replace("data: ", "data:").replace("event: ", "event:"))));
        rows.add(survives("CRLF", stream(hello.replace("\n", "\r\n"))));
        rows.add(survives("CR", stream(hello.replace("\n", "\r"))));
        rows.add(survives("a byte order mark", stream("\ufeff" + hello)));
        rows.add(survives(
                "comments", stream(": OPENROUTER PROCESSING\n\n" + hello.replace("\n\n", "\n\n: keep-alive\n\n"))));
        rows.add(survives("[DONE]", stream(hello + "data: [DONE]\n\n")));
        rows.add(survives("no final blank line", stream(hello.stripTrailing())));
        rows.add(survives(
                "unknown events",
                stream(hello.replace(
                        "event: response.output_item",
                        event("acme:thing", "{\"type\":\"acme:thing\"}") + event("response.new.thing", "no JSON")
                                + "event: response.output_item"))));
        rows.add(survives("a stream whose type is text/plain", (connection, in, out) -> {
            out.write(bytes("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + bytes(hello).length
                    + "\r\n\r\n" + hello));
            out.flush();
        }));
        rows.add(survives(
                "no output_item.done events",
                stream(CREATED + delta("output_text", "Hello") + completed(message("Hello")))));
        rows.add(survives("nothing but the last event", stream(completed(message("Hello")))));
        rows.add(
                survives("an empty list in the last event", stream(CREATED + done(0, message("Hello")) + completed())));
        rows.add(new Row(
                "some output_item.done events missing",
                List.of(stream(CREATED
                        + done(1, message("Hello"))
                        + completed(
                                reasoning("gAAA"),
                                message("Hello"),
                                call("call_1", "{}"),
                                reasoning("gBBB"),
                                message("!")))),
                1,
                "message function_call reasoning message",
                "complete",
                "Hello!"));
        rows.add(new Row(
                "an unknown item",
                List.of(stream(CREATED
                        + done(0, "{\"type\":\"acme:item\",\"id\":\"x\"}")
                        + done(1, message("Hello"))
                        + completed())),
                1,
                "acme:item message",
                "complete",
                "Hello"));
        rows.add(new Row(
                "reasoning that cannot go back",
                List.of(stream(CREATED
                        + done(0, "{\"type\":\"reasoning\",\"id\":\"rs_1\",\"summary\":[]}")
                        + done(1, message("Hello"))
                        + completed(reasoning("x"), message("Hello")))),
                1,
                "message",
                "complete",
                "Hello"));
        rows.add(new Row(
                "arguments that are not JSON",
                List.of(stream(CREATED + done(0, call("call_1", "{\"a\":")) + completed())),
                1,
                "function_call",
                "complete",
                ""));
        rows.add(new Row(
                "one call id twice",
                List.of(stream(CREATED + done(0, call("call_1", "{}")) + done(1, call("call_1", "{}")) + completed())),
                1,
                "function_call function_call",
                "complete",
                ""));
        rows.add(fails(
                "an item event that is not JSON",
                stream(CREATED
                        + event(
                                "response.output_item.done",
                                "{\"type\":\"response.output_item.done\",\"item\":nonsense}")
                        + completed()),
                "PROTOCOL 200",
                "SERVER sent an event that is not JSON: {\"type\":\"response.output_item.done\",\"item\":nonsense}. (request"
                        + " req_1)"));
        rows.add(fails(
                "an item event without an item",
                stream(CREATED
                        + event("response.output_item.done", "{\"type\":\"response.output_item.done\",\"item\":null}")
                        + completed()),
                "PROTOCOL 200",
                "SERVER sent an output_item.done event without an item: {\"type\":\"response.output_item.done\","
                        + "\"item\":null}. (request req_1)"));
    }

    private static void oddBodies(List<Row> rows) {
        rows.add(fails(
                "a JSON error to a streaming request",
                json(200, "{\"error\":{\"message\":\"No such thing\",\"code\":\"model_not_found\"}}"),
                "NOT_FOUND model_not_found 200",
                "SERVER broke off with an error (model_not_found): No such thing. Check the name of the model and the base"
                        + " URL."));
        rows.add(heals(
                "a JSON error that may heal",
                json(200, "{\"error\":{\"message\":\"Oops\",\"code\":\"server_error\"}}")));
        rows.add(survives(
                "a whole response to a streaming request",
                json(200, response("\"status\":\"completed\"", message("Hello")))));
        rows.add(fails(
                "a text/plain error",
                of(400, "text/plain", "upstream  says\nno"),
                "INVALID_REQUEST 400",
                "SERVER answered HTTP 400: upstream says no. The request is wrong for this model or server; change its"
                        + " settings or its input."));
        rows.add(
                fails(
                        "an HTML error",
                        of(
                                403,
                                "text/html",
                                "<html><head><title>403 Forbidden</title></head><body>" + "x".repeat(9000)
                                        + "</body></html>"),
                        "PERMISSION 403",
                        "SERVER answered HTTP 403: 403 Forbidden. Check what the key may do, and whether the region is served."));
        rows.add(fails(
                "an empty error",
                of(404, "text/plain", ""),
                "NOT_FOUND 404",
                "SERVER answered HTTP 404. Check the name of the model and the base URL."));
        rows.add(fails(
                "a web page",
                of(200, "text/html", "<!DOCTYPE html><html><body><script>x</script><h1>Sign in</h1></body></html>"),
                "PROTOCOL 200",
                "SERVER sent neither events nor a response: Sign in."));
        rows.add(fails(
                "text", of(200, "text/plain", "OK"), "PROTOCOL 200", "SERVER sent neither events nor a response: OK."));
        rows.add(fails(
                "JSON of another API",
                json(200, "{\"object\":\"chat.completion\",\"choices\":[]}"),
                "PROTOCOL 200",
                "SERVER sent neither events nor a response: {\"object\":\"chat.completion\",\"choices\":[]}."));
        rows.add(fails(
                "a response in the background",
                json(200, response("\"status\":\"queued\"")),
                "PROTOCOL 200",
                "SERVER sent a response that is queued; background responses are not read."));
        rows.add(heals("an empty body", of(200, "text/event-stream", "")));
    }
}
