package dev.agentloop;

import dev.agentloop.internal.Durations;
import dev.agentloop.internal.prompt.HashChain;
import dev.agentloop.internal.prompt.StrictPrefixCache;
import java.math.BigDecimal;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Accounts for the provider's prompt cache: before a request, how much of it can be read from the cache and what broke the
 * rest; after it, whether the server's report agrees and who is to blame if it does not. Caches nothing itself.
 *
 * <p>One instance belongs to one run and is used by one thread at a time: {@link #resume} at most once and first, then
 * {@link #check} before each request and {@link #settle} after those that were answered.
 * Called on the loop's thread, so be quick. What a method throws, or a null, is logged and told as a warning, and the
 * built-in account takes the place of this one for the rest of the run.
 */
public interface PrefixCache {

    /**
     * Takes up where an earlier run stopped.
     *
     * @param lastSent the prompt of the last request, as the log has it
     * @param usage what the server reported for it; {@link Usage#NONE} where there is none
     * @param at when it was answered, or null where that is not known
     */
    void resume(Prompt lastSent, Usage usage, @Nullable Instant at);

    /**
     * Compares a prompt that is about to be sent with the one that was sent before it.
     *
     * @param epoch the reason of the log entry by which the prompt begins again since then; null where there is none
     */
    Report check(Prompt next, @Nullable String epoch);

    /** Compares a prompt that is about to be sent with the one before it, where no log says that it begins again. */
    default Report check(Prompt next) {
        return check(next, null);
    }

    /** Compares what the server reported for the prompt that was checked last with what was to be expected. */
    Reuse settle(Usage usage);

    /** A cache account by the hashes that prompts carry, in constant time, with {@link Rules#DEFAULT}. */
    static PrefixCache hashChain() {
        return hashChain(Rules.DEFAULT);
    }

    /** A cache account by the hashes that prompts carry, in constant time unless something differs. */
    static PrefixCache hashChain(Rules rules) {
        return new HashChain(rules);
    }

    /**
     * This account, which also refuses a prompt whose prefix is broken, so that the run ends before it is paid for. What the
     * loop itself begins an epoch for, so that a conversation can go on at all (compaction, a retry without what the server
     * refused), or the host knowingly (re-pinned tools), is not refused; a change of the settings is.
     */
    default PrefixCache strict() {
        return new StrictPrefixCache(this);
    }

    /**
     * How the provider's cache works, and what it costs.
     *
     * @param minimumTokens shorter prefixes are not cached
     * @param stepTokens what is read from the cache is a multiple of this; 1 for any length
     * @param life how long an unused prefix surely stays, 0 to 365 days; a miss after a longer pause is put down to the pause
     * @param prices what tokens cost, or null where nobody asks
     * @param clock by which pauses are measured
     */
    record Rules(long minimumTokens, int stepTokens, Duration life, Limits.@Nullable Prices prices, Clock clock) {
        /** OpenAI's rules: from 1,024 tokens on, in steps of 128, five minutes, and no prices. */
        public static final Rules DEFAULT = new Rules(1_024, 128, Duration.ofMinutes(5), null, Clock.systemUTC());

        public Rules {
            if (minimumTokens < 0 || stepTokens < 1) {
                throw new IllegalArgumentException("a cache has a minimum of 0 tokens or more and steps of 1 or more;"
                        + " these are " + minimumTokens + " and " + stepTokens);
            }
            Durations.checked("PrefixCache.Rules.life", life, Duration.ZERO, Durations.YEAR);
        }

        /** These rules with prices. */
        public Rules withPrices(Limits.@Nullable Prices other) {
            return new Rules(minimumTokens, stepTokens, life, other, clock);
        }

        /** These rules with another time that an unused prefix stays. */
        public Rules withLife(Duration other) {
            return new Rules(minimumTokens, stepTokens, other, prices, clock);
        }

        /** What it costs more that so many tokens are read again and not from the cache; null without prices. */
        public @Nullable BigDecimal missCost(long tokens) {
            return prices == null
                    ? null
                    : prices.cost(Usage.reported(tokens, 0, tokens, 0, 0))
                            .max(prices.cost(Usage.reported(tokens, 0, 0, 0, 0)))
                            .subtract(prices.cost(Usage.reported(tokens, tokens, 0, 0, 0)))
                            .stripTrailingZeros();
        }

        /** How much of a common prefix of so many tokens is read from the cache. */
        public long readable(long tokens) {
            return tokens < minimumTokens ? 0 : tokens - tokens % stepTokens;
        }
    }

    /**
     * What a prompt can reuse.
     *
     * @param reusableBytes how many bytes from the start equal the prompt before; all of that one where nothing broke
     * @param totalBytes how many bytes the prompt has
     * @param reusableTokens about how many tokens the provider can read from its cache
     * @param lostTokens about how many more it could read if nothing were broken
     * @param lostMoney what these cost more than they would have, at the rules' prices; null without prices
     * @param broken what differs first, or null where the prompt begins with the one before
     * @param refused whether the prompt must not be sent
     */
    record Report(
            long reusableBytes,
            long totalBytes,
            long reusableTokens,
            long lostTokens,
            @Nullable BigDecimal lostMoney,
            @Nullable Break broken,
            boolean refused) {

        /** The part of the prompt that can be reused, from 0 to 1. */
        public double ratio() {
            return totalBytes == 0 ? 0 : (double) reusableBytes / totalBytes;
        }

        /** In a sentence for a person. */
        public String describe() {
            Break difference = broken;
            if (difference == null) {
                return String.format(Locale.ROOT, "%,d of %,d bytes as before", reusableBytes, totalBytes);
            }
            return String.format(
                    Locale.ROOT,
                    "%s; about %,d tokens are read again%s",
                    difference.describe(),
                    lostTokens,
                    lostMoney == null ? "" : ", which costs " + lostMoney.toPlainString() + " more");
        }
    }

    /**
     * The first difference between a prompt and the one before it.
     *
     * @param reason in the API's words: {@code model_changed}, {@code tools_changed}, {@code text_format_changed},
     *     {@code reasoning_effort_changed}, {@code verbosity_changed}, {@code service_tier_changed},
     *     {@code prompt_cache_key_changed}, {@code context_compacted} or {@code input_changed}
     * @param change {@code edited}, {@code added}, {@code removed} or {@code reordered}
     * @param section the part of the request: a fixed field such as {@code tools} or {@code text.format}, or {@code input}
     * @param item the index of the first item that differs, or -1 where a fixed field does
     * @param field the path to what differs, such as {@code tools[2].description} or {@code input[4].content[0].text}
     * @param offset how many bytes of the request come before the first one that differs
     * @param was the request before, from a little before that place on
     * @param now the request that is checked, from the same place on
     * @param epoch the reason of the log entry that announces it, or null where nothing does
     */
    record Break(
            String reason,
            String change,
            String section,
            int item,
            String field,
            long offset,
            String was,
            String now,
            @Nullable String epoch) {

        /** In a sentence for a person. */
        public String describe() {
            return String.format(
                    Locale.ROOT,
                    "%s: %s was %s, the first difference is at byte %,d: \"%s\" was \"%s\"%s",
                    reason,
                    field,
                    change,
                    offset,
                    now,
                    was,
                    epoch == null ? ", and no entry of the log says why" : "");
        }
    }

    /** Who is to blame for tokens that were not read from the cache though they were sent before. */
    enum Miss {
        /** Nobody: the cache was read as far as could be expected. */
        NONE,
        /** The client: the prompt does not begin with the one before. */
        CLIENT,
        /** A compaction, which begins the prompt again on purpose. */
        COMPACTION,
        /** Time: the pause was longer than an unused prefix surely stays. */
        IDLE,
        /** The server: the prefix was the same and fresh, and yet was not read. */
        SERVER
    }

    /**
     * How much of a prompt the server read from its cache, by its report, and how much was to be expected.
     *
     * @param expectedTokens how many tokens could be read from the cache, by the prefix and the usage before
     * @param usage what the server reported
     * @param missedTokens how many tokens of the prompt before were not read from the cache, 0 where {@code miss} is
     *     {@link Miss#NONE}
     * @param miss who is to blame
     * @param broken what differed, or null
     */
    record Reuse(
            long expectedTokens,
            Usage usage,
            long missedTokens,
            Miss miss,
            @Nullable Break broken) {

        /** In a sentence for a person. */
        public String describe() {
            String read = String.format(
                    Locale.ROOT,
                    "%,d tokens in, %,d read from the cache (%,d expected), %,d written to it",
                    usage.input(),
                    usage.cached(),
                    expectedTokens,
                    usage.cacheWritten());
            Break difference = broken;
            return switch (miss) {
                case NONE -> read;
                case CLIENT, COMPACTION ->
                    read + "; the prompt changed: " + (difference == null ? "" : difference.describe());
                case IDLE -> read + "; the pause was too long, so the provider may have dropped the prefix";
                case SERVER -> read + "; the prefix was the same, so the provider did not find it";
            };
        }
    }
}
