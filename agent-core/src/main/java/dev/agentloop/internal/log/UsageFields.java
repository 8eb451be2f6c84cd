package dev.agentloop.internal.log;

import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;

/** Usage as entries of the log have it. */
public final class UsageFields {
    private UsageFields() {}

    /** The usage under that name; none where there is none. */
    static Usage read(JsonFields entry, String name) {
        JsonFields usage = entry.inner(name);
        if (usage == null) {
            return Usage.NONE;
        }
        return new Usage(
                usage.number("input_tokens", 0),
                usage.number("cached_tokens", 0),
                usage.number("cache_write_tokens", 0),
                usage.number("output_tokens", 0),
                usage.number("reasoning_tokens", 0),
                usage.flag("estimated", false));
    }

    static void write(Json.Writer entry, String name, Usage usage) throws IOException {
        entry.object(
                name,
                w -> w.number("input_tokens", usage.input())
                        .number("cached_tokens", usage.cached())
                        .number("cache_write_tokens", usage.cacheWritten())
                        .number("output_tokens", usage.output())
                        .number("reasoning_tokens", usage.reasoning())
                        .flag("estimated", usage.estimated()));
    }
}
