package dev.agentloop.tools.internal.typed;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collection;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** JSON that does not fit a record; the message is written for the model, which is to repair it. */
public final class MismatchException extends Exception {
    private static final long serialVersionUID = 1L;
    private static final int SHOWN = 60;

    MismatchException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    MismatchException(String what, JsonPath at) {
        this(what, at, null);
    }

    MismatchException(String what, JsonPath at, @Nullable Throwable cause) {
        super(at.isRoot() ? what : what + " (at " + at + ")", cause);
    }

    static MismatchException expected(String noun, JsonNode found, JsonPath at) {
        return new MismatchException("expected " + noun + " but found " + describe(found), at);
    }

    static MismatchException unknown(String what, String found, Collection<String> expected, JsonPath at) {
        return new MismatchException("unknown " + what + " " + found + ", " + oneOf(expected), at);
    }

    static String oneOf(Collection<String> names) {
        return names.isEmpty() ? "expected none" : "expected one of " + quoted(names);
    }

    /** Names between back quotes, the way compilers list them. */
    static String quoted(Collection<String> names) {
        return names.stream().map(name -> "`" + name + "`").collect(Collectors.joining(", "));
    }

    /** The start of a value: enough to recognise it, however long it is. */
    static String shown(JsonNode value) {
        String text = value.isTextual() ? value.textValue() : value.toString();
        int cut = text.offsetByCodePoints(0, Math.min(SHOWN, text.codePointCount(0, text.length())));
        return "`" + (cut == text.length() ? text : text.substring(0, cut) + "…") + "`";
    }

    private static String describe(JsonNode node) {
        return switch (node.getNodeType()) {
            case OBJECT -> "an object";
            case ARRAY -> "an array";
            case STRING -> "the string " + shown(node);
            case NUMBER -> "the number " + shown(node);
            case BOOLEAN -> "the boolean " + shown(node);
            default -> "null";
        };
    }
}
