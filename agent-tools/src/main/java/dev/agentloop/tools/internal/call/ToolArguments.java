package dev.agentloop.tools.internal.call;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.agentloop.ToolCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a function call, read so that every mistake is answered in words that say how to repair it. A field
 * that is null counts as absent. Immutable.
 */
public final class ToolArguments {
    private static final ObjectReader JSON =
            new ObjectMapper().reader().with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private final JsonNode fields;

    private ToolArguments(JsonNode fields) {
        this.fields = fields;
    }

    /**
     * Parses the arguments of a call.
     *
     * @param known the fields that there are
     * @throws Refusal if they are not an object of these fields
     */
    public static ToolArguments of(ToolCall call, String... known) throws Refusal {
        try {
            return of(JSON.readTree(call.arguments()), List.of(known));
        } catch (JsonProcessingException e) {
            throw new Refusal("failed to parse function arguments: " + e.getOriginalMessage() + where(e), e);
        }
    }

    private static ToolArguments of(JsonNode fields, List<String> known) throws Refusal {
        if (!fields.isObject()) {
            throw failed("expected a JSON object with " + named(known) + ", got " + described(fields));
        }
        for (Iterator<String> names = fields.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!known.contains(name)) {
                throw failed("unknown field `" + name + "`, there is " + named(known));
            }
        }
        return new ToolArguments(fields);
    }

    private static String where(JsonProcessingException e) {
        JsonLocation location = e.getLocation();
        return location == null ? "" : " at line " + location.getLineNr() + " column " + location.getColumnNr();
    }

    private static String named(List<String> names) {
        return "`" + String.join("`, `", names) + "`";
    }

    private @Nullable JsonNode field(String name) {
        JsonNode value = fields.get(name);
        return value == null || value.isNull() ? null : value;
    }

    private JsonNode required(String name, String type) throws Refusal {
        JsonNode value = field(name);
        if (value == null) {
            throw failed("missing field `" + name + "` (" + type + ")");
        }
        return value;
    }

    public String text(String name) throws Refusal {
        JsonNode value = required(name, "string");
        if (!value.isTextual()) {
            throw failed("`" + name + "` must be a string, got " + described(value));
        }
        return value.textValue();
    }

    public @Nullable String optionalText(String name) throws Refusal {
        return field(name) == null ? null : text(name);
    }

    public String text(String name, String otherwise) throws Refusal {
        return field(name) == null ? otherwise : text(name);
    }

    /** One of several words. */
    public String word(String name, String otherwise, String... words) throws Refusal {
        String word = text(name, otherwise);
        if (!Arrays.asList(words).contains(word)) {
            throw failed("`" + name + "` must be one of " + named(List.of(words)) + ", got `" + word + "`");
        }
        return word;
    }

    /** A whole number of at least one. One above the most is taken for the most. */
    public int count(String name, int otherwise, int most) throws Refusal {
        JsonNode value = field(name);
        if (value == null) {
            return otherwise;
        }
        if (!value.isNumber() || value.doubleValue() != Math.rint(value.doubleValue())) {
            throw failed("`" + name + "` must be an integer, got " + described(value));
        }
        if (value.doubleValue() < 1) {
            throw failed("`" + name + "` must be at least 1, got " + value);
        }
        return (int) Math.min(most, value.doubleValue());
    }

    /** The elements of an array. */
    public List<ToolArguments> objects(String name, String... known) throws Refusal {
        JsonNode value = required(name, "array");
        if (!value.isArray()) {
            throw failed("`" + name + "` must be an array, got " + described(value));
        }
        List<ToolArguments> objects = new ArrayList<>();
        for (JsonNode element : value) {
            objects.add(of(element, List.of(known)));
        }
        return objects;
    }

    private static String described(JsonNode value) {
        String text = value.toString();
        return value.getNodeType().name().toLowerCase(Locale.ROOT) + " "
                + (text.length() > 60 ? text.substring(0, 60) + "…" : text);
    }

    /** An answer to a mistake in the arguments. */
    public static Refusal failed(String message) {
        return new Refusal("failed to parse function arguments: " + message);
    }
}
