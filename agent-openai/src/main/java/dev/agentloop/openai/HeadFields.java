package dev.agentloop.openai;

import dev.agentloop.Prompt;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * The lists are those of the API's specification: CompactResponseMethodPublicBody and TokenCountsBody. What they have beside
 * these refers to what a server has stored, which a prompt never does.
 */
/** The fields of a prompt that the API takes at other addresses than that of an inference, as they stand in the prompt. */
final class HeadFields {
    private static final String OPTIONS = "prompt_cache_options";
    private static final List<String> COMPACT =
            List.of("model", "instructions", "prompt_cache_key", "prompt_cache_retention", OPTIONS, "service_tier");
    private static final List<String> CACHE = List.of("mode", "ttl");
    private static final List<String> COUNT = List.of(
            "model", "instructions", "tools", "parallel_tool_calls", "reasoning", "text", "truncation", "personality");
    private static final List<String> ENDING = List.of("tool_choice");

    private HeadFields() {}

    /** For {@code /responses/compact}, whose options are less than those of an inference. */
    static String toCompact(Prompt prompt, boolean withInstructions) {
        JsonFields head = of(prompt.head());
        return Json.objectText(w -> {
            for (String name : COMPACT) {
                if (name.equals(OPTIONS)) {
                    cacheOptions(w, head.inner(OPTIONS));
                } else if (withInstructions || !name.equals("instructions")) {
                    copy(w, head, name);
                }
            }
        });
    }

    /** For {@code /responses/input_tokens}. */
    static String toCount(Prompt prompt) {
        JsonFields head = of(prompt.head());
        JsonFields ending = of("{" + prompt.ending() + "}");
        return Json.objectText(w -> {
            for (String name : COUNT) {
                copy(w, head, name);
            }
            for (String name : ENDING) {
                copy(w, ending, name);
            }
        });
    }

    private static JsonFields of(String json) {
        return JsonFields.of(json.getBytes(StandardCharsets.UTF_8));
    }

    private static void cacheOptions(Json.Writer out, @Nullable JsonFields options) throws IOException {
        if (options != null && CACHE.stream().anyMatch(options::has)) {
            out.object(OPTIONS, o -> {
                for (String name : CACHE) {
                    copy(o, options, name);
                }
            });
        }
    }

    private static void copy(Json.Writer out, JsonFields fields, String name) throws IOException {
        JsonFields.Field field = fields.field(name);
        if (field != null && fields.has(name)) {
            out.raw(name, fields.raw(field));
        }
    }
}
