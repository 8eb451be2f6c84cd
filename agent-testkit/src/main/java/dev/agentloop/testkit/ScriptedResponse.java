package dev.agentloop.testkit;

import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.internal.response.ResponseScript;
import dev.agentloop.testkit.internal.response.ResponseScript.Delivery;
import dev.agentloop.testkit.internal.response.ResponseScript.Ending;
import dev.agentloop.testkit.internal.response.ResponseScript.How;
import dev.agentloop.testkit.internal.response.ResponseScript.Made;
import dev.agentloop.testkit.internal.response.ResponseScript.Pause;
import dev.agentloop.testkit.internal.response.ResponseScript.Raw;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.concurrent.CountDownLatch;

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
    private final ResponseScript script;

    private ScriptedResponse(ResponseScript script) {
        this.script = script;
    }

    private ScriptedResponse and(ResponseScript.Step step) {
        return new ScriptedResponse(script.then(step));
    }

    private ScriptedResponse ends(How how, String reason, String message) {
        return new ScriptedResponse(
                script.ends(new Ending(how, reason, message, script.ending().endTurn())));
    }

    private ScriptedResponse sent(Delivery delivery) {
        return new ScriptedResponse(script.sent(delivery));
    }

    ResponseScript script() {
        return script;
    }

    /** A response without an item. */
    public static ScriptedResponse empty() {
        return new ScriptedResponse(ResponseScript.EMPTY);
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
        return message(
                text,
                part -> part.text("type", "output_text")
                        .text("text", text)
                        .raw("annotations", "[]")
                        .raw("logprobs", "[]"));
    }

    /** Then a message that refuses. */
    public ScriptedResponse andRefuses(String refusal) {
        return message("", part -> part.text("type", "refusal").text("refusal", refusal));
    }

    private ScriptedResponse message(String deltas, Json.Body part) {
        return and(new Made(
                "message",
                "msg_",
                deltas,
                w -> w.text("status", "completed").text("role", "assistant").array("content", a -> a.element(part))));
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
        return ends(How.BROKEN, "", "");
    }

    /** Ends never: nothing more comes, and the connection stays open until the other side closes it. */
    public ScriptedResponse andFallsSilent() {
        return ends(How.SILENT, "", "");
    }

    /** Ends as incomplete, for a reason such as {@code max_output_tokens} or {@code content_filter}. */
    public ScriptedResponse andIsIncomplete(String why) {
        return ends(How.INCOMPLETE, why, "");
    }

    /** Ends as failed, with a code such as {@code server_error} or {@code context_length_exceeded}. */
    public ScriptedResponse andFails(String code, String text) {
        return ends(How.FAILED, code, text);
    }

    /** Ends with an {@code error} event instead of a last event of the response's. */
    public ScriptedResponse andErrs(String code, String text) {
        return ends(How.ERROR, code, text);
    }

    /** Wants another inference although it makes no call. */
    public ScriptedResponse andGoesOn() {
        Ending ending = script.ending();
        return new ScriptedResponse(script.ends(new Ending(ending.how(), ending.reason(), ending.message(), false)));
    }

    /** Reports this usage; by default, all bytes at four a token, and as cached what the prompt before had too. */
    public ScriptedResponse using(Usage reported) {
        return new ScriptedResponse(script.using(reported));
    }

    /** Over HTTP: the connection breaks behind so many bytes of the body. */
    public ScriptedResponse cutAfter(int bytes) {
        return sent(new Delivery(
                bytes, script.delivery().pieceBytes(), script.delivery().closes()));
    }

    /** Over HTTP: the body is sent in pieces of so many bytes, each in a packet of its own as far as the system lets us. */
    public ScriptedResponse inPiecesOf(int bytes) {
        return sent(new Delivery(
                script.delivery().cutAfter(), bytes, script.delivery().closes()));
    }

    /** Over HTTP: the connection is closed behind the response without having been announced. */
    public ScriptedResponse thenClosesTheConnection() {
        return sent(new Delivery(script.delivery().cutAfter(), script.delivery().pieceBytes(), true));
    }
}
