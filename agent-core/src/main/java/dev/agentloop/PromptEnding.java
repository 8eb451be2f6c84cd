package dev.agentloop;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind the items of a request, where it may differ from one request to the next and break no prefix.
 *
 * @param allowed the names of the tools that may be called; null for all
 * @param appended the declarations of the tools that were added behind the fixed fields, by name
 * @param lastResponse the id of the last response; empty where there is none
 */
record PromptEnding(@Nullable Set<String> allowed, Map<String, String> appended, String lastResponse) {
    /** All tools, and nothing to compare with. */
    static final PromptEnding PLAIN = new PromptEnding(null, Map.of(), "");

    /** In the fixed fields this has no value: it is filled in here, and the object that it is in is sent here. */
    static final String COMPARISON = "comparison_response_id";

    private static final String AUTO = "\"tool_choice\":\"auto\"";

    /** Whether these fixed fields ask for a comparison with the last response. */
    static boolean compares(JsonFields head) {
        JsonFields options = head.inner(CacheFields.OPTIONS);
        return options != null && options.field(COMPARISON) != null;
    }

    /** The fields as JSON text, without braces around them. */
    String text(String head, boolean compares) {
        if (allowed == null && !compares) {
            return AUTO;
        }
        JsonFields fixed = JsonFields.of(head.getBytes(StandardCharsets.UTF_8));
        String object = Json.objectText(w -> {
            toolChoice(w, fixed);
            if (compares) {
                cacheOptions(w, fixed.inner(CacheFields.OPTIONS));
            }
        });
        return object.substring(1, object.length() - 1);
    }

    // In the order in which the tools are declared, so that the same tools are always the same bytes.
    private void toolChoice(Json.Writer out, JsonFields fixed) throws IOException {
        Set<String> names = allowed;
        Map<String, String> types = new LinkedHashMap<>();
        if (names != null) {
            types.putAll(types(AppendedSettings.declarations(fixed.inner("tools"))));
            types.putAll(types(appended));
            types.keySet().retainAll(names);
        }
        if (types.isEmpty()) {
            out.text("tool_choice", names == null ? "auto" : "none");
            return;
        }
        out.object(
                "tool_choice",
                choice -> choice.text("type", "allowed_tools")
                        .text("mode", "auto")
                        .array("tools", tools -> {
                            for (Map.Entry<String, String> tool : types.entrySet()) {
                                tools.element(
                                        t -> t.text("type", tool.getValue()).text("name", tool.getKey()));
                            }
                        }));
    }

    private static Map<String, String> types(Map<String, String> declarations) {
        Map<String, String> types = new LinkedHashMap<>();
        declarations.forEach((name, json) -> types.put(
                name,
                ItemBytes.orEmpty(
                        JsonFields.of(json.getBytes(StandardCharsets.UTF_8)).text("type"))));
        return types;
    }

    private void cacheOptions(Json.Writer out, @Nullable JsonFields options) throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        if (options != null) {
            options.all().forEach(field -> values.put(field.name(), options.raw(field)));
        }
        if (lastResponse.isEmpty()) {
            values.remove(COMPARISON);
        } else {
            values.put(COMPARISON, Json.quote(lastResponse));
        }
        if (!values.isEmpty()) {
            out.object(CacheFields.OPTIONS, object -> {
                for (Map.Entry<String, String> value : values.entrySet()) {
                    object.raw(value.getKey(), value.getValue());
                }
            });
        }
    }
}
