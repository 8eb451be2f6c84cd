package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares prompts by the hashes that they carry. */
final class HashChain implements PrefixCache {
    private @Nullable Prompt before;

    @Override
    public Report check(Prompt next) {
        Prompt last = before;
        before = next;
        if (last == null) {
            return new Report(0, next.length(), null);
        }
        if (next.startsWith(last)) {
            return new Report(last.length(), next.length(), null);
        }
        if (next.hash(0) != last.hash(0)) {
            return new Report(0, next.length(), headBreak(last, next));
        }
        int same = commonItems(last, next);
        return new Report(next.length(same), next.length(), new Break("input_changed", "input", same));
    }

    // The hashes are a chain: once two differ, all that follow differ, so the place can be searched by halves.
    private static int commonItems(Prompt last, Prompt next) {
        int same = 0;
        int different = Math.min(last.size(), next.size()) + 1;
        while (different - same > 1) {
            int middle = (same + different) >>> 1;
            if (last.hash(middle) == next.hash(middle)) {
                same = middle;
            } else {
                different = middle;
            }
        }
        return same;
    }

    private static Break headBreak(Prompt last, Prompt next) {
        JsonFields then = JsonFields.of(last.head().getBytes(StandardCharsets.UTF_8));
        JsonFields now = JsonFields.of(next.head().getBytes(StandardCharsets.UTF_8));
        String field = firstDifference(then, now, List.of());
        return field == null
                ? new Break("input_changed", "order of the fixed fields", -1)
                : new Break(reason(field), field, -1);
    }

    /** The reason, in the API's words, for which one set of fixed fields differs from another; null if it does not. */
    static @Nullable String firstChange(JsonFields then, JsonFields now, List<String> except) {
        String field = firstDifference(then, now, except);
        return field == null ? null : reason(field);
    }

    private static @Nullable String firstDifference(JsonFields then, JsonFields now, List<String> except) {
        for (JsonFields.Field field : now.all()) {
            JsonFields.Field old = then.field(field.name());
            boolean same = old != null && then.raw(old).equals(now.raw(field));
            if (!same && !except.contains(field.name())) {
                return field.name();
            }
        }
        for (JsonFields.Field field : then.all()) {
            if (now.field(field.name()) == null && !except.contains(field.name())) {
                return field.name();
            }
        }
        return null;
    }

    private static String reason(String field) {
        return switch (field) {
            case "model" -> "model_changed";
            case "tools", "parallel_tool_calls" -> "tools_changed";
            case "text" -> "text_format_changed";
            case "reasoning" -> "reasoning_effort_changed";
            case "prompt_cache_key" -> "prompt_cache_key_changed";
            case "service_tier" -> "service_tier_changed";
            default -> "input_changed";
        };
    }
}
