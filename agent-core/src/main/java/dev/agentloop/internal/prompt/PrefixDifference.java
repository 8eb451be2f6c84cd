package dev.agentloop.internal.prompt;

import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds the first difference between two prompts, and names it in the API's words. */
public record PrefixDifference(Prompt then, Prompt now) {
    public static final String COMPACTED = "context_compacted";
    public static final String INPUT_CHANGED = "input_changed";

    private static final String INPUT = "input";
    private static final int BEFORE = 12;
    private static final int AFTER = 36;

    /** The difference; {@code epoch} is the reason of the log entry that announces it, or null. */
    public PrefixCache.Break find(@Nullable String epoch) {
        long offset = firstByte();
        boolean head = then.hash(0) != now.hash(0);
        int item = head ? -1 : sameItems();
        JsonDifference difference = head
                ? JsonDifference.between(
                        ChunkedPrompt.fixed(then).fields(),
                        ChunkedPrompt.fixed(now).fields())
                : itemDifference(item).within(INPUT + "[" + item + "]");
        String section = head ? section(difference.path()) : INPUT;
        String reason = COMPACTED.equals(epoch) ? COMPACTED : reason(section);
        return new PrefixCache.Break(
                reason,
                difference.change(),
                section,
                item,
                difference.path(),
                offset,
                excerpt(then, offset),
                excerpt(now, offset),
                epoch);
    }

    private static JsonFields fields(String json) {
        return JsonFields.of(json.getBytes(StandardCharsets.UTF_8));
    }

    // Both prompts are cut into chunks at the same places, so chunk can be compared with chunk.
    private long firstByte() {
        List<ByteBuffer> old = then.wire();
        List<ByteBuffer> fresh = now.wire();
        long offset = 0;
        for (int i = 0; i < Math.min(old.size(), fresh.size()); i++) {
            int mismatch = old.get(i).mismatch(fresh.get(i));
            if (mismatch >= 0) {
                return offset + mismatch;
            }
            offset += old.get(i).remaining();
        }
        return offset;
    }

    // The hashes are a chain: once two differ, all that follow differ, so the place can be searched by halves.
    private int sameItems() {
        int same = 0;
        int different = Math.min(then.size(), now.size()) + 1;
        while (different - same > 1) {
            int middle = (same + different) >>> 1;
            if (then.hash(middle) == now.hash(middle)) {
                same = middle;
            } else {
                different = middle;
            }
        }
        return same;
    }

    private JsonDifference itemDifference(int index) {
        if (index >= now.size() || same(index + 1, index)) {
            return new JsonDifference(JsonDifference.REMOVED, "");
        }
        if (same(index, index + 1)) {
            return same(index + 1, index)
                    ? new JsonDifference(JsonDifference.REORDERED, "")
                    : new JsonDifference(JsonDifference.ADDED, "");
        }
        return JsonDifference.between(
                fields(then.item(index).json()), fields(now.item(index).json()));
    }

    private boolean same(int old, int fresh) {
        return old < then.size() && fresh < now.size() && then.item(old).equals(now.item(fresh));
    }

    private static String excerpt(Prompt prompt, long offset) {
        long from = Math.max(0, offset - BEFORE);
        byte[] bytes = new byte[(int) Math.min(prompt.length() - from, BEFORE + AFTER)];
        long at = 0;
        int filled = 0;
        for (ByteBuffer chunk : prompt.wire()) {
            long skip = Math.max(0, from - at);
            at += chunk.remaining();
            if (skip < chunk.remaining() && filled < bytes.length) {
                chunk.position((int) skip);
                int take = Math.min(chunk.remaining(), bytes.length - filled);
                chunk.get(bytes, filled, take);
                filled += take;
            }
        }
        return new String(bytes, StandardCharsets.UTF_8).replace("\ufffd", "");
    }

    /** The reason, in the API's words, for which one set of fixed fields differs from another; null if it does not. */
    public static @Nullable String firstChange(Head before, Head after, List<String> except) {
        JsonFields then = before.fields();
        JsonFields now = after.fields();
        for (Field field : now.all()) {
            Field old = then.field(field.name());
            boolean same = old != null && then.raw(old).equals(now.raw(field));
            if (!same && !except.contains(field.name())) {
                return reason(section(path(old == null ? null : then.inner(old), now.inner(field), field.name())));
            }
        }
        for (Field field : then.all()) {
            if (now.field(field.name()) == null && !except.contains(field.name())) {
                return reason(section(path(then.inner(field), null, field.name())));
            }
        }
        return null;
    }

    private static String path(@Nullable JsonFields then, @Nullable JsonFields now, String name) {
        if (then != null && now != null) {
            return JsonDifference.between(then, now).within(name).path();
        }
        JsonFields only = then == null ? now : then;
        return only == null || only.all().isEmpty()
                ? name
                : name + "." + only.all().get(0).name();
    }

    /** The part of the request that a path leads into. */
    private static String section(String path) {
        for (String part : List.of("text.format", "text.verbosity", "reasoning.effort")) {
            if (path.startsWith(part)) {
                return part;
            }
        }
        int end = 0;
        while (end < path.length() && path.charAt(end) != '.' && path.charAt(end) != '[') {
            end++;
        }
        return path.substring(0, end);
    }

    private static String reason(String section) {
        return switch (section) {
            case "model" -> "model_changed";
            case "tools", "parallel_tool_calls" -> "tools_changed";
            case "text.format" -> "text_format_changed";
            case "text.verbosity" -> "verbosity_changed";
            case "reasoning.effort" -> "reasoning_effort_changed";
            case "prompt_cache_key" -> "prompt_cache_key_changed";
            case "service_tier" -> "service_tier_changed";
            default -> INPUT_CHANGED;
        };
    }
}
