package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * One request by the model to run a tool.
 *
 * <p>The argument text is the model's own and may be anything: a tool checks it and answers in words that the model can
 * repair. Immutable and thread-safe.
 */
public sealed interface ToolCall permits ReceivedCall {

    /** What joins this call to its output on the wire; the server's own, unless that could not do it. */
    String callId();

    /** The name of the tool. */
    String name();

    /** The model's own argument text: JSON for a function, raw text for a custom tool. */
    String arguments();

    /** Whether the tool was called as a custom tool, with raw text. */
    boolean custom();

    /** The call that this item holds. */
    static ToolCall of(Item.Call item) {
        return new ReceivedCall(item);
    }

    /** A function call with arguments of the caller's, for tests of tools. */
    static ToolCall function(String callId, String name, String arguments) {
        return new ReceivedCall((Item.Call) Item.functionCall(callId, name, arguments));
    }

    /** A custom tool's call with an input of the caller's, for tests of tools. */
    static ToolCall custom(String callId, String name, String input) {
        return new ReceivedCall((Item.Call) Item.customCall(callId, name, input));
    }

    /**
     * One top-level argument: the decoded text of a string, the JSON text of any other value. A custom call has the one
     * argument {@code input}.
     *
     * @return the argument, or empty where it is absent or null
     * @throws IllegalArgumentException if the arguments are not a JSON object; the message is fit for the model
     */
    default Optional<String> argument(String name) {
        if (custom()) {
            return name.equals("input") ? Optional.of(arguments()) : Optional.empty();
        }
        JsonFields fields;
        try {
            fields = JsonFields.of(arguments().getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("failed to parse function arguments: " + e.getMessage(), e);
        }
        Field field = fields.field(name);
        if (field == null || !fields.has(name)) {
            return Optional.empty();
        }
        String text = fields.text(field);
        return Optional.of(text == null ? fields.raw(field) : text);
    }
}
