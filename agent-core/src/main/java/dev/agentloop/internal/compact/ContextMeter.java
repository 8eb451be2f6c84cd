package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Prompt;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.prompt.ChunkedPrompt;
import dev.agentloop.internal.prompt.TokenEstimate;

/** Says how full the context is: by the server's own count for what it has seen, and by an estimate for the rest. */
final class ContextMeter {
    /** A count is absurd that is so many times less than the estimate. */
    private static final int ABSURD = 8;

    private final Fold fold;
    private final long window;
    private final long limit;

    /**
     * The meter of a conversation.
     *
     * @param window the model's, in tokens; 0 where it is not known
     * @param compactAt the part of it from which on the prompt is to be shortened
     */
    ContextMeter(Fold fold, long window, double compactAt) {
        this.fold = fold;
        this.window = window;
        this.limit = Math.round(window * compactAt);
    }

    Compactor.Context now() {
        Prompt prompt = fold.prompt();
        long counted = fold.compactions().counted();
        int items = Math.min(fold.compactions().countedItems(), prompt.size());
        if (counted > 0 && plausible(prompt, items, counted)) {
            long since = ChunkedPrompt.tokens(prompt, prompt.size()) - ChunkedPrompt.tokens(prompt, items);
            return new Compactor.Context(counted + since, window, limit, false);
        }
        long estimate = TokenEstimate.ofBytes(prompt.length(0)) + ChunkedPrompt.tokens(prompt, prompt.size());
        return new Compactor.Context(estimate, window, limit, true);
    }

    /** Whether the provider's own count is worth a round trip: there is none, and the context may be half full. */
    static boolean worthCounting(Compactor.Context context) {
        return context.estimated() && context.limit() > 0 && context.tokens() * 2 > context.limit();
    }

    /** The same context by a count of the whole prompt; as it was where that cannot be true. */
    Compactor.Context counted(Compactor.Context context, long tokens) {
        Prompt prompt = fold.prompt();
        return tokens > 0 && plausible(prompt, prompt.size(), tokens)
                ? new Compactor.Context(tokens, context.window(), context.limit(), false)
                : context;
    }

    // More tokens than bytes are a hosted tool's, or those of several internal steps; far too few are a server's error.
    private static boolean plausible(Prompt prompt, int items, long counted) {
        long bytes = prompt.length(items);
        if (counted > bytes) {
            return false;
        }
        return counted * ABSURD * TokenEstimate.BYTES_PER_TOKEN >= bytes
                || counted * ABSURD >= ChunkedPrompt.tokens(prompt, items);
    }
}
