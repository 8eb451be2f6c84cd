package dev.agentloop.testkit;

import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A response that a script gives in place of a model: items in order, and how it ends. Nothing in it was thought up by a
 * model.
 *
 * <pre>{@code
 * ScriptedResponse.reasons("I look at the file first.")
 *     .andCalls("call_1", "shell_command", "{\"command\":\"cat README.md\"}")
 * }</pre>
 *
 * <p>Used by {@link ScriptedModel}, which hands the items over, and by {@link ScriptedServer}, which sends them as the
 * events of the Responses API. Immutable and thread-safe; the {@code and…} methods give changed copies.
 */
public final class ScriptedResponse implements ScriptedReply {

    /** An item, or a pause. */
    sealed interface Step {}

    /**
     * An item that the model makes.
     *
     * @param deltas the text that comes in pieces before the item is done; empty for none
     * @param fields the item's fields behind {@code id} and {@code type}
     */
    record Made(String type, String idPrefix, String deltas, Json.Body fields) implements Step {
        byte[] json(String id) {
            return Json.object(w -> {
                w.text("id", id).text("type", type);
                fields.write(w);
            });
        }
    }

    /** An item in bytes of the script's own. */
    record Raw(String json) implements Step {}

    /** Waits for the latch before what follows. */
    record Pause(CountDownLatch latch) implements Step {}

    /** How a response ends. */
    enum Ending {
        COMPLETED,
        INCOMPLETE,
        FAILED,
        ERROR,
        BROKEN,
        SILENT
    }

    private final List<Step> steps = new ArrayList<>();
    private Ending ending = Ending.COMPLETED;
    private String reason = "";
    private String message = "";
    private @Nullable Usage usage;
    private boolean endTurn = true;
    private int cutAfter = -1;
    private int pieceBytes;
    private boolean closes;

    private ScriptedResponse() {}

    private ScriptedResponse with(Consumer<ScriptedResponse> change) {
        ScriptedResponse copy = new ScriptedResponse();
        copy.steps.addAll(steps);
        copy.ending = ending;
        copy.reason = reason;
        copy.message = message;
        copy.usage = usage;
        copy.endTurn = endTurn;
        copy.cutAfter = cutAfter;
        copy.pieceBytes = pieceBytes;
        copy.closes = closes;
        change.accept(copy);
        return copy;
    }

    private ScriptedResponse and(Step step) {
        return with(copy -> copy.steps.add(step));
    }

    /** A response without an item. */
    public static ScriptedResponse empty() {
        return new ScriptedResponse();
    }

    /** A response that says this. */
    public static ScriptedResponse says(String text) {
        return empty().andSays(text);
    }

    /** A response that calls a function. */
    public static ScriptedResponse calls(String callId, String tool, String arguments) {
        return empty().andCalls(callId, tool, arguments);
    }

    /** A response that begins with reasoning; something must follow it. */
    public static ScriptedResponse reasons(String summary) {
        return empty().andReasons(summary);
    }

    /** Then a message of one text. */
    public ScriptedResponse andSays(String text) {
        return and(new Made(
                "message",
                "msg_",
                text,
                w -> w.text("status", "completed")
                        .text("role", "assistant")
                        .array(
                                "content",
                                a -> a.element(part -> part.text("type", "output_text")
                                        .text("text", text)
                                        .raw("annotations", "[]")
                                        .raw("logprobs", "[]")))));
    }

    /** Then a message that refuses. */
    public ScriptedResponse andRefuses(String refusal) {
        return and(new Made(
                "message",
                "msg_",
                "",
                w -> w.text("status", "completed")
                        .text("role", "assistant")
                        .array(
                                "content",
                                a -> a.element(
                                        part -> part.text("type", "refusal").text("refusal", refusal)))));
    }

    /** Then a call of a function; {@code arguments} is sent as it is, JSON or not. */
    public ScriptedResponse andCalls(String callId, String tool, String arguments) {
        return and(new Made(
                "function_call",
                "fc_",
                arguments,
                w -> w.text("status", "completed")
                        .text("arguments", arguments)
                        .text("call_id", callId)
                        .text("name", tool)));
    }

    /** Then a call of a custom tool with this raw input. */
    public ScriptedResponse andCallsCustom(String callId, String tool, String input) {
        return and(new Made(
                "custom_tool_call",
                "ctc_",
                input,
                w -> w.text("status", "completed")
                        .text("call_id", callId)
                        .text("input", input)
                        .text("name", tool)));
    }

    /** Then reasoning with a summary, and with encrypted content as an opaque text; something must follow it. */
    public ScriptedResponse andReasons(String summary) {
        String opaque = Base64.getEncoder().encodeToString(("scripted:" + summary).getBytes(StandardCharsets.UTF_8));
        return and(new Made(
                "reasoning",
                "rs_",
                summary,
                w -> w.raw("content", "[]")
                        .text("encrypted_content", opaque)
                        .array(
                                "summary",
                                a -> a.element(part ->
                                        part.text("type", "summary_text").text("text", summary)))));
    }

    /**
     * Then an item in bytes of the script's own, of any kind.
     *
     * @throws IllegalArgumentException if that is not one JSON object on one line
     */
    public ScriptedResponse andItem(String json) {
        JsonFields.of(json.getBytes(StandardCharsets.UTF_8));
        if (json.indexOf('\n') >= 0 || json.indexOf('\r') >= 0) {
            throw new IllegalArgumentException("an item goes into one line of an event; this one has a line break");
        }
        return and(new Raw(json));
    }

    /** Then nothing, until the latch is counted down by the test; what was said before is sent. */
    public ScriptedResponse andWaits(CountDownLatch until) {
        return and(new Pause(until));
    }

    /** Ends by the connection's breaking, without a last event. */
    public ScriptedResponse andBreaks() {
        return with(copy -> copy.ending = Ending.BROKEN);
    }

    /** Ends never: nothing more comes, and the connection stays open until the other side closes it. */
    public ScriptedResponse andFallsSilent() {
        return with(copy -> copy.ending = Ending.SILENT);
    }

    /** Ends as incomplete, for a reason such as {@code max_output_tokens} or {@code content_filter}. */
    public ScriptedResponse andIsIncomplete(String why) {
        return with(copy -> {
            copy.ending = Ending.INCOMPLETE;
            copy.reason = why;
        });
    }

    /** Ends as failed, with a code such as {@code server_error} or {@code context_length_exceeded}. */
    public ScriptedResponse andFails(String code, String text) {
        return with(copy -> {
            copy.ending = Ending.FAILED;
            copy.reason = code;
            copy.message = text;
        });
    }

    /** Ends with an {@code error} event instead of a last event of the response's. */
    public ScriptedResponse andErrs(String code, String text) {
        return with(copy -> {
            copy.ending = Ending.ERROR;
            copy.reason = code;
            copy.message = text;
        });
    }

    /** Wants another inference although it makes no call. */
    public ScriptedResponse andGoesOn() {
        return with(copy -> copy.endTurn = false);
    }

    /** Reports this usage; by default, all bytes at four a token, and as cached what the prompt before had too. */
    public ScriptedResponse using(Usage reported) {
        return with(copy -> copy.usage = reported);
    }

    /** Over HTTP: the connection breaks behind so many bytes of the body. */
    public ScriptedResponse cutAfter(int bytes) {
        return with(copy -> copy.cutAfter = bytes);
    }

    /** Over HTTP: the body is sent in pieces of so many bytes, each in a packet of its own as far as the system lets us. */
    public ScriptedResponse inPiecesOf(int bytes) {
        return with(copy -> copy.pieceBytes = bytes);
    }

    /** Over HTTP: the connection is closed behind the response without having been announced. */
    public ScriptedResponse thenClosesTheConnection() {
        return with(copy -> copy.closes = true);
    }

    List<Step> steps() {
        return steps;
    }

    Ending ending() {
        return ending;
    }

    /** The code of a failure, or why the response is incomplete. */
    String reason() {
        return reason;
    }

    String message() {
        return message;
    }

    @Nullable
    Usage usage() {
        return usage;
    }

    boolean endTurn() {
        return endTurn;
    }

    int cutAfter() {
        return cutAfter;
    }

    int pieceBytes() {
        return pieceBytes;
    }

    boolean closes() {
        return closes;
    }
}
