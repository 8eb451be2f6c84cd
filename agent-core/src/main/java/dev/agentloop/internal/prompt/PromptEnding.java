package dev.agentloop.internal.prompt;

import dev.agentloop.internal.CacheFields;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What stands after the items of a request, where it may differ from one request to the next and break no prefix.
 *
 * @param allowed the names of the tools that may be called; null for all
 * @param appended the declarations of the tools that were added after the fixed fields, by name
 * @param lastResponse the id of the last response; empty where there is none
 */
public record PromptEnding(@Nullable Set<String> allowed, Map<String, String> appended, String lastResponse) {
    /** All tools, and nothing to compare with. */
    static final PromptEnding PLAIN = new PromptEnding(null, Map.of(), "");

    private static final String AUTO = "\"tool_choice\":\"auto\"";

    /** The fields as JSON text, without braces around them. */
    String text(Head head) {
        if (allowed == null && !head.compares()) {
            return AUTO;
        }
        String object = Json.objectText(w -> {
            toolChoice(w, head);
            if (head.compares()) {
                cacheOptions(w, head.cacheOptions());
            }
        });
        return object.substring(1, object.length() - 1);
    }

    // In the order in which the tools are declared, so that the same tools are always the same bytes.
    private void toolChoice(Json.Writer out, Head head) throws IOException {
        Set<String> names = allowed;
        Map<String, String> declared = new LinkedHashMap<>();
        if (names != null) {
            declared.putAll(head.tools());
            declared.putAll(appended);
            declared.keySet().retainAll(names);
        }
        if (declared.isEmpty()) {
            out.text("tool_choice", names == null ? "auto" : "none");
            return;
        }
        out.object(
                "tool_choice",
                choice -> choice.text("type", "allowed_tools")
                        .text("mode", "auto")
                        .array("tools", tools -> {
                            for (Map.Entry<String, String> tool : declared.entrySet()) {
                                tools.element(t ->
                                        t.text("type", type(tool.getValue())).text("name", tool.getKey()));
                            }
                        }));
    }

    private static String type(String declaration) {
        return JsonFields.of(declaration.getBytes(StandardCharsets.UTF_8)).textOrEmpty("type");
    }

    private void cacheOptions(Json.Writer out, @Nullable JsonFields options) throws IOException {
        Map<String, String> values = new LinkedHashMap<>();
        if (options != null) {
            options.all().forEach(field -> values.put(field.name(), options.raw(field)));
        }
        if (lastResponse.isEmpty()) {
            values.remove(CacheFields.COMPARISON);
        } else {
            values.put(CacheFields.COMPARISON, Json.quote(lastResponse));
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
