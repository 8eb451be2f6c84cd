package dev.agentloop.internal.prompt;

import dev.agentloop.internal.CacheFields;
import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The fixed fields of a request, read once.
 *
 * @param json as one line, in wire order
 * @param tools what declares each tool, by its name
 * @param toolsJson the same as they stand there; empty for none
 * @param effort how much the model reasons; null where the server decides
 * @param compares whether the request is to be compared with the last response
 */
public record Head(
        String json,
        JsonFields fields,
        String model,
        String instructions,
        SortedMap<String, String> tools,
        String toolsJson,
        @Nullable String effort,
        String cacheKey,
        boolean compares) {

    static Head of(String json) {
        JsonFields fields = JsonFields.of(json.getBytes(StandardCharsets.UTF_8));
        JsonFields.Field tools = fields.field("tools");
        JsonFields reasoning = fields.inner("reasoning");
        JsonFields options = fields.inner(CacheFields.OPTIONS);
        return new Head(
                json,
                fields,
                fields.textOrEmpty("model"),
                fields.textOrEmpty("instructions"),
                Collections.unmodifiableSortedMap(declarations(fields.inner("tools"))),
                tools == null ? "" : fields.raw(tools),
                reasoning == null ? null : reasoning.text("effort"),
                fields.textOrEmpty("prompt_cache_key"),
                options != null && options.field(CacheFields.COMPARISON) != null);
    }

    /** The declarations in an array of tools, by name. */
    static SortedMap<String, String> declarations(@Nullable JsonFields array) {
        SortedMap<String, String> byName = new TreeMap<>();
        if (array != null) {
            for (JsonFields.Field element : array.all()) {
                JsonFields tool = array.inner(element);
                String name = tool == null ? null : tool.text("name");
                if (name != null) {
                    byName.put(name, array.raw(element));
                }
            }
        }
        return byName;
    }

    /** The bytes that stand before the items, less what is sent after them. */
    byte[] line() {
        return fields.line(compares ? CacheFields.OPTIONS : null);
    }

    /** What the request says of the provider's cache; null where it says nothing. */
    @Nullable
    JsonFields cacheOptions() {
        return fields.inner(CacheFields.OPTIONS);
    }

    /** Whether the server sets no cache breakpoint of its own. */
    public boolean explicitCache() {
        JsonFields options = cacheOptions();
        return options != null && CacheFields.EXPLICIT.equals(options.text("mode"));
    }
}
