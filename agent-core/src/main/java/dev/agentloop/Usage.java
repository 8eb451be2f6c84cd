package dev.agentloop;

/**
 * Tokens that one or more inferences used, as the server counts them. Negative numbers count as 0, and what is more than a
 * {@code long} can hold as {@link Long#MAX_VALUE}.
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

    // Sums of what servers say never fall, whatever they say.
    public Usage {
        input = Math.max(0, input);
        cached = Math.max(0, cached);
        cacheWritten = Math.max(0, cacheWritten);
        output = Math.max(0, output);
        reasoning = Math.max(0, reasoning);
    }

    /** Usage as reported by a server. */
    public static Usage reported(long input, long cached, long cacheWritten, long output, long reasoning) {
        return new Usage(input, cached, cacheWritten, output, reasoning, false);
    }

    /** An estimate for a response whose usage never came, at four bytes a token. */
    public static Usage estimate(long promptBytes, long outputBytes) {
        return new Usage((promptBytes + 3) / 4, 0, 0, (outputBytes + 3) / 4, 0, true);
    }

    /** Both together. */
    public Usage plus(Usage other) {
        return new Usage(
                sum(input, other.input),
                sum(cached, other.cached),
                sum(cacheWritten, other.cacheWritten),
                sum(output, other.output),
                sum(reasoning, other.reasoning),
                estimated || other.estimated);
    }

    /** The part of the input that was neither read from the provider's cache nor written to it. */
    public long uncached() {
        return Math.max(0, input - sum(cached, cacheWritten));
    }

    /** Input and output tokens together. */
    public long total() {
        return sum(input, output);
    }

    private static long sum(long one, long other) {
        return one > Long.MAX_VALUE - other ? Long.MAX_VALUE : one + other;
    }
}
