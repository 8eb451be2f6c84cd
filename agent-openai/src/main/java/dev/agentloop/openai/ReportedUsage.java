package dev.agentloop.openai;

import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import org.jspecify.annotations.Nullable;

/** Reads the tokens that a server reports, and does not trust it to report them. */
final class ReportedUsage {
    /** More tokens than any response has: a number above it is no count. */
    private static final long MOST_TOKENS = 1_000_000_000L;

    private ReportedUsage() {}

    /**
     * The reported usage, or an estimate where there is none, where it is zero, or where it cannot be true. A part is
     * never larger than the whole that it is a part of.
     */
    static Usage of(@Nullable JsonFields usage, long promptBytes, long outputBytes) {
        long input = count(usage, "input_tokens");
        long output = count(usage, "output_tokens");
        if (input < 0 || output < 0 || input + output == 0) {
            return Usage.estimate(promptBytes, outputBytes);
        }
        JsonFields read = usage == null ? null : usage.inner("input_tokens_details");
        JsonFields written = usage == null ? null : usage.inner("output_tokens_details");
        long cached = Math.min(count(read, "cached_tokens"), input);
        long cacheWritten = Math.min(count(read, "cache_write_tokens"), input - Math.max(0, cached));
        long reasoning = Math.min(count(written, "reasoning_tokens"), output);
        return Usage.reported(input, cached, cacheWritten, output, reasoning);
    }

    /** The number of tokens; -1 where there is none that can be true. */
    private static long count(@Nullable JsonFields fields, String name) {
        long tokens = fields == null ? -1 : fields.number(name, -1);
        return tokens > MOST_TOKENS ? -1 : tokens;
    }
}
