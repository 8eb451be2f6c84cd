package dev.agentloop;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;

/**
 * Tokens that one or more inferences used, as the server counts them.
 *
 * @param input all tokens of the prompt, cached and written ones included
 * @param cached the part of {@code input} that the provider read from its cache
 * @param cacheWritten the part of {@code input} that the provider wrote to its cache
 * @param output tokens of the answer, reasoning included
 * @param reasoning the part of {@code output} that was reasoning
 * @param estimated whether any of it is this library's estimate, because a response broke before its usage came
 */
public record Usage(long input, long cached, long cacheWritten, long output, long reasoning, boolean estimated) {
    /** No tokens. */
    public static final Usage NONE = new Usage(0, 0, 0, 0, 0, false);

    /** Usage as reported by a server. Negative numbers count as 0. */
    public static Usage reported(long input, long cached, long cacheWritten, long output, long reasoning) {
        return new Usage(
                Math.max(0, input),
                Math.max(0, cached),
                Math.max(0, cacheWritten),
                Math.max(0, output),
                Math.max(0, reasoning),
                false);
    }

    /** An estimate for a response whose usage never came, at four bytes a token. */
    public static Usage estimate(long promptBytes, long outputBytes) {
        return new Usage((promptBytes + 3) / 4, 0, 0, (outputBytes + 3) / 4, 0, true);
    }

    /** The usage under that name in an entry; none where there is none. */
    static Usage of(JsonFields entry, String name) {
        JsonFields usage = entry.inner(name);
        if (usage == null) {
            return NONE;
        }
        return new Usage(
                usage.number("input_tokens", 0),
                usage.number("cached_tokens", 0),
                usage.number("cache_write_tokens", 0),
                usage.number("output_tokens", 0),
                usage.number("reasoning_tokens", 0),
                usage.flag("estimated", false));
    }

    /** Writes this usage into an entry. */
    void write(String name, Json.Writer entry) throws IOException {
        entry.object(
                name,
                w -> w.number("input_tokens", input)
                        .number("cached_tokens", cached)
                        .number("cache_write_tokens", cacheWritten)
                        .number("output_tokens", output)
                        .number("reasoning_tokens", reasoning)
                        .flag("estimated", estimated));
    }

    /** Both together. */
    public Usage plus(Usage other) {
        return new Usage(
                input + other.input,
                cached + other.cached,
                cacheWritten + other.cacheWritten,
                output + other.output,
                reasoning + other.reasoning,
                estimated || other.estimated);
    }

    /** The part of the input that was neither read from the provider's cache nor written to it. */
    public long uncached() {
        return Math.max(0, input - cached - cacheWritten);
    }

    /** Input and output tokens together. */
    public long total() {
        return input + output;
    }
}
