package dev.agentloop.testkit.internal.http;

import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.internal.response.ResponseScript;
import dev.agentloop.testkit.internal.response.ResponseScript.How;
import dev.agentloop.testkit.internal.response.ResponseScript.Made;
import dev.agentloop.testkit.internal.response.ResponseScript.Pause;
import dev.agentloop.testkit.internal.response.ResponseScript.Raw;
import dev.agentloop.testkit.internal.response.ResponseScript.Step;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Writes a scripted response as the API sends it: as events in the API's order, or as one object.
 *
 * <p>Used once, by one thread.
 */
public final class ResponseEvents {
    private static final byte[] BLANK_LINE = {'\n', '\n'};

    private final ResponseScript response;
    private final ResponseScript.Ending ending;
    private final String model;
    private final int number;
    private final Usage usual;
    private final int deltaChars;
    private final List<String> done = new ArrayList<>();
    private final ByteArrayOutputStream unsent = new ByteArrayOutputStream(2048);
    private int sequence;
    private long written;

    /** How a response goes over the wire. */
    public enum Form {
        STREAM,
        OBJECT,
        /** The object of {@code /responses/compact}. */
        COMPACTION
    }

    /** Takes what is to be sent now. */
    @FunctionalInterface
    public interface Sink {
        void send(byte[] bytes) throws IOException;
    }

    /**
     * The events of the response number {@code number} of a server.
     *
     * @param usual the usage where the script has none, less the output tokens
     * @param deltaChars the length of a delta; 0 for no deltas
     */
    public ResponseEvents(ResponseScript response, String model, int number, Usage usual, int deltaChars) {
        this.response = response;
        this.ending = response.ending();
        this.model = model;
        this.number = number;
        this.usual = usual;
        this.deltaChars = deltaChars;
    }

    ResponseScript response() {
        return response;
    }

    int number() {
        return number;
    }

    /** Sends all events, as far as the script goes. */
    public void stream(Sink sink) throws IOException, InterruptedException {
        event("response.created", w -> responseObject(w, "in_progress"));
        event("response.in_progress", w -> responseObject(w, "in_progress"));
        for (Step step : response.steps()) {
            if (step instanceof Pause pause) {
                flush(sink);
                pause.latch().await();
            } else if (step instanceof Made made) {
                made(made);
            } else if (step instanceof Raw raw) {
                added(raw.json());
                done(raw.json());
            }
        }
        end();
        flush(sink);
    }

    /** The response as one object, for a request that does not stream. */
    byte[] whole(Form form) throws InterruptedException {
        for (Step step : response.steps()) {
            if (step instanceof Pause pause) {
                pause.latch().await();
            } else if (step instanceof Made made) {
                add(new String(made.json(id(made)), StandardCharsets.UTF_8));
            } else if (step instanceof Raw raw) {
                add(raw.json());
            }
        }
        return form == Form.COMPACTION
                ? Json.object(this::compactionFields)
                : Json.object(w -> responseFields(w, status()));
    }

    private void compactionFields(Json.Writer out) throws IOException {
        out.text("id", responseId())
                .text("object", "response.compaction")
                .number("created_at", created())
                .raw("output", "[" + String.join(",", done) + "]");
        usage(out);
    }

    private String responseId() {
        return String.format(Locale.ROOT, "resp_%06d", number);
    }

    private long created() {
        return 1_767_225_600L + number;
    }

    private String status() {
        return switch (ending.how()) {
            case INCOMPLETE -> "incomplete";
            case FAILED, ERROR -> "failed";
            default -> "completed";
        };
    }

    private void end() throws IOException {
        switch (ending.how()) {
            case COMPLETED, INCOMPLETE, FAILED -> event("response." + status(), w -> responseObject(w, status()));
            case ERROR ->
                event(
                        "error",
                        w -> w.text("code", ending.reason())
                                .text("message", ending.message())
                                .raw("param", "null"));
            default -> {
                // Broken or silent: there is no last event.
            }
        }
    }

    private String id(Made made) {
        return made.idPrefix() + String.format(Locale.ROOT, "%06d_%d", number, done.size());
    }

    private void made(Made made) throws IOException {
        String id = id(made);
        String json = new String(made.json(id), StandardCharsets.UTF_8);
        added(stub(made, id));
        if (deltaChars > 0 && !made.deltas().isEmpty()) {
            switch (made.type()) {
                case "message" -> messageDeltas(made, id);
                case "reasoning" -> summaryDeltas(made, id);
                case "function_call" -> argumentDeltas(made, id, "response.function_call_arguments", "arguments");
                default -> argumentDeltas(made, id, "response.custom_tool_call_input", "input");
            }
        }
        done(json);
    }

    // The API announces an item without what it is going to bring.
    private static String stub(Made made, String id) {
        return Json.objectText(w -> {
            w.text("id", id).text("type", made.type());
            switch (made.type()) {
                case "message" ->
                    w.text("status", "in_progress").raw("content", "[]").text("role", "assistant");
                case "reasoning" -> w.raw("summary", "[]");
                default -> callStub(made, w);
            }
        });
    }

    private static void callStub(Made made, Json.Writer out) throws IOException {
        JsonFields fields = JsonFields.of(made.json(""));
        out.text("status", "in_progress")
                .text(made.type().equals("function_call") ? "arguments" : "input", "")
                .text("call_id", String.valueOf(fields.text("call_id")))
                .text("name", String.valueOf(fields.text("name")));
    }

    private void added(String json) throws IOException {
        event("response.output_item.added", w -> w.raw("item", json).number("output_index", done.size()));
    }

    private void done(String json) throws IOException {
        event("response.output_item.done", w -> w.raw("item", json).number("output_index", done.size()));
        add(json);
    }

    private void add(String json) {
        done.add(json);
        written += json.length();
    }

    private void messageDeltas(Made made, String id) throws IOException {
        String empty = "{\"type\":\"output_text\",\"annotations\":[],\"logprobs\":[],\"text\":\"\"}";
        event("response.content_part.added", w -> place(w, "content_index", id).raw("part", empty));
        for (String piece : made.pieces(deltaChars)) {
            event(
                    "response.output_text.delta",
                    w -> place(w, "content_index", id).text("delta", piece).raw("logprobs", "[]"));
        }
        event(
                "response.output_text.done",
                w -> place(w, "content_index", id).text("text", made.deltas()).raw("logprobs", "[]"));
        event(
                "response.content_part.done",
                w -> place(w, "content_index", id)
                        .object(
                                "part",
                                part -> part.text("type", "output_text")
                                        .raw("annotations", "[]")
                                        .raw("logprobs", "[]")
                                        .text("text", made.deltas())));
    }

    private void summaryDeltas(Made made, String id) throws IOException {
        String empty = "{\"type\":\"summary_text\",\"text\":\"\"}";
        event(
                "response.reasoning_summary_part.added",
                w -> place(w, "summary_index", id).raw("part", empty));
        for (String piece : made.pieces(deltaChars)) {
            event(
                    "response.reasoning_summary_text.delta",
                    w -> place(w, "summary_index", id).text("delta", piece));
        }
        event(
                "response.reasoning_summary_text.done",
                w -> place(w, "summary_index", id).text("text", made.deltas()));
        event(
                "response.reasoning_summary_part.done",
                w -> place(w, "summary_index", id)
                        .object(
                                "part",
                                part -> part.text("type", "summary_text").text("text", made.deltas())));
    }

    private void argumentDeltas(Made made, String id, String event, String field) throws IOException {
        for (String piece : made.pieces(deltaChars)) {
            event(
                    event + ".delta",
                    w -> w.text("delta", piece).text("item_id", id).number("output_index", done.size()));
        }
        event(
                event + ".done",
                w -> w.text(field, made.deltas()).text("item_id", id).number("output_index", done.size()));
    }

    private Json.Writer place(Json.Writer out, String index, String id) throws IOException {
        return out.number(index, 0).text("item_id", id).number("output_index", done.size());
    }

    private void responseObject(Json.Writer out, String status) throws IOException {
        out.object("response", w -> responseFields(w, status));
    }

    private void responseFields(Json.Writer out, String status) throws IOException {
        boolean over = !status.equals("in_progress");
        out.text("id", responseId())
                .text("object", "response")
                .number("created_at", created())
                .text("status", status)
                .text("model", model);
        if (status.equals("failed")) {
            out.object("error", e -> e.text("code", ending.reason()).text("message", ending.message()));
        } else {
            out.raw("error", "null");
        }
        if (status.equals("incomplete")) {
            out.object("incomplete_details", d -> d.text("reason", ending.reason()));
        } else {
            out.raw("incomplete_details", "null");
        }
        out.raw("instructions", "null")
                .raw("metadata", "{}")
                .raw("output", over ? "[" + String.join(",", done) + "]" : "[]");
        out.flag("parallel_tool_calls", true).raw("temperature", "null").text("tool_choice", "auto");
        out.raw("tools", "[]").raw("top_p", "null");
        if (!ending.endTurn()) {
            out.flag("end_turn", false);
        }
        if (over && ending.how() != How.FAILED && ending.how() != How.ERROR) {
            usage(out);
        } else {
            out.raw("usage", "null");
        }
    }

    private void usage(Json.Writer out) throws IOException {
        Usage scripted = response.usage();
        Usage usage = scripted != null ? scripted : usual.plus(Usage.reported(0, 0, 0, written / 4, 0));
        out.object(
                "usage",
                w -> w.number("input_tokens", usage.input())
                        .object(
                                "input_tokens_details",
                                d -> d.number("cached_tokens", usage.cached())
                                        .number("cache_write_tokens", usage.cacheWritten()))
                        .number("output_tokens", usage.output())
                        .object("output_tokens_details", d -> d.number("reasoning_tokens", usage.reasoning()))
                        .number("total_tokens", usage.total()));
    }

    private void event(String type, Json.Body fields) throws IOException {
        unsent.writeBytes(("event: " + type + "\ndata: ").getBytes(StandardCharsets.US_ASCII));
        unsent.writeBytes(Json.object(w -> {
            w.text("type", type);
            fields.write(w);
            w.number("sequence_number", sequence);
        }));
        unsent.writeBytes(BLANK_LINE);
        sequence++;
    }

    private void flush(Sink sink) throws IOException {
        if (unsent.size() > 0) {
            sink.send(unsent.toByteArray());
            unsent.reset();
        }
    }
}
