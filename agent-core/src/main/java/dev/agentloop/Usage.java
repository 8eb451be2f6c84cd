package dev.agentloop;

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
