package dev.agentloop.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads a JSON object that somebody else has made: what is absent or of another kind is empty.
 *
 * @param fields in the order in which the server sent them
 */
record JsonObject(Map<?, ?> fields) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ObjectReader ARGUMENTS =
            JSON.readerFor(Object.class).with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    /** What the SDK reads and writes messages with. */
    static final McpJsonMapper MAPPER = new JacksonMcpJsonMapper(JSON);

    /** The object, or an empty one where the value is none. */
    static JsonObject of(@Nullable Object value) {
        return new JsonObject(value instanceof Map<?, ?> map ? map : Map.of());
    }

    /**
     * The object that a text holds.
     *
     * @throws IllegalArgumentException if it holds something else; the message is fit for the model
     */
    static Map<?, ?> parse(String text) {
        Object value;
        try {
            value = ARGUMENTS.readValue(text);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "failed to parse function arguments: " + e.getOriginalMessage() + " at line "
                            + e.getLocation().getLineNr() + " column "
                            + e.getLocation().getColumnNr(),
                    e);
        }
        if (value instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException("failed to parse function arguments: expected a JSON object");
    }

    /** A value as JSON text: always the same for the same value, an object's fields in the order that it has. */
    static String text(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("what was read as JSON cannot be written as JSON: " + e.getMessage(), e);
        }
    }

    boolean has(String name) {
        return fields.get(name) != null;
    }

    JsonObject object(String name) {
        return of(fields.get(name));
    }

    List<?> list(String name) {
        return fields.get(name) instanceof List<?> list ? list : List.of();
    }

    /** A text. */
    String text(String name) {
        return fields.get(name) instanceof String text ? text : "";
    }

    /** A text or a number, as a text. */
    String word(String name) {
        Object value = fields.get(name);
        if (value instanceof Double number && number == Math.rint(number) && Math.abs(number) < 1e15) {
            return Long.toString(number.longValue());
        }
        return value instanceof String || value instanceof Number ? value.toString() : "";
    }

    boolean flag(String name, boolean otherwise) {
        return fields.get(name) instanceof Boolean flag ? flag : otherwise;
    }
}
