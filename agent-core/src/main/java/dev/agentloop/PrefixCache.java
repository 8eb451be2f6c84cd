package dev.agentloop;

import org.jspecify.annotations.Nullable;

/**
 * Accounts for the provider's prompt cache: how much of a prompt can be reused, and what broke it. Caches nothing itself.
 *
 * <p>One instance belongs to one conversation and is used by one thread at a time.
 */
public interface PrefixCache {

    /** Compares a prompt that is about to be sent with the one before it; what is sent next is compared with this one. */
    Report check(Prompt next);

    /** A cache account that compares hashes of the fixed fields and of each item, in constant time per new item. */
    static PrefixCache hashChain() {
        return new HashChain();
    }

    /**
     * What a prompt can reuse.
     *
     * @param reusableBytes how many bytes from the start equal the prompt before; all of that one where nothing broke
     * @param totalBytes how many bytes the prompt has
     * @param broken what differs first, or null where the prompt begins with the one before
     */
    record Report(
            long reusableBytes, long totalBytes, @Nullable Break broken) {
        /** The part of the prompt that can be reused, from 0 to 1. */
        public double ratio() {
            return totalBytes == 0 ? 0 : (double) reusableBytes / totalBytes;
        }

        /** The reusable part in tokens, estimated at four bytes each. */
        public long reusableTokens() {
            return reusableBytes / 4;
        }
    }

    /**
     * The first difference between a prompt and the one before it.
     *
     * @param reason in the API's words: {@code model_changed}, {@code tools_changed}, {@code input_changed} and so on
     * @param field the fixed field that differs, or {@code input}
     * @param item the index of the first item that differs, or -1 where a fixed field does
     */
    record Break(String reason, String field, int item) {}
}
