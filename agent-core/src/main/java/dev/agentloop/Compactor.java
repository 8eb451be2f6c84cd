package dev.agentloop;

import dev.agentloop.internal.compact.CompactorChain;
import dev.agentloop.internal.compact.OldOutputsCompactor;
import dev.agentloop.internal.compact.SummaryCompactor;
import dev.agentloop.internal.compact.TriggerCompactor;
import java.util.List;
import java.util.Optional;

/**
 * Shortens a prompt that nearly fills the context.
 *
 * <p>Nothing else makes a prompt shorter because it is long, but for the server where {@code serverCompaction} asks it to. Some
 * prompts begin again shorter for another reason: an image or reasoning that the server refused is left out, and a redacted item is
 * replaced by a mark. Each of these is an entry of the log as well, and an epoch.
 *
 * <p>What it gives becomes an entry of the log; the full log stays. Before that the loop holds it to its rules: nothing that
 * must survive may be missing, calls and outputs stay paired, and the prompt is shorter than before. A compactor that fails
 * or breaks a rule is passed over, and the next one is tried.
 *
 * <p>Called on threads of the agent's, by many conversations at once; {@link #name} on the loop's, so that must be quick. An
 * interrupt cancels it: the run does not wait for it longer than two seconds, and drops what it gives later. An exception, an
 * Error or null costs this compaction, and the next compactor is tried.
 */
public interface Compactor {

    /** Never shortens anything. */
    Compactor NEVER = new Compactor() {
        @Override
        public String name() {
            return "never";
        }

        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.empty();
        }

        @Override
        public Window compact(Task task) {
            throw new IllegalStateException("this compactor has nothing to offer");
        }
    };

    /** What this compactor is called in the log and in events, such as {@code summary}. */
    String name();

    /**
     * What it would use to shorten this prompt; empty where it can do nothing for it. Asks nobody and has no effect.
     */
    Optional<Offer> offer(Task task);

    /**
     * Shortens the prompt.
     *
     * @throws ModelException if a model that it needs gave no usable answer; nothing is changed then, and
     *     {@link ModelException#usage} counts as used
     */
    Window compact(Task task) throws InterruptedException;

    /** The compactors that are tried for this prompt, in this order; itself alone by default. */
    default List<Compactor> inOrder(Task task) {
        return List.of(this);
    }

    /** Tries these in order, until the prompt is short enough. */
    static Compactor firstOf(Compactor... compactors) {
        return new CompactorChain(List.of(compactors), false);
    }

    /**
     * Tries these in the order of what they say that they would use for the prompt at hand, the cheapest first, until one has
     * shortened it. One that can do nothing for it is left out.
     *
     * <p>Compared are tokens at what they cost relative to each other at most providers: an output token counts as eight of
     * the input, one that is read from the cache as a tenth of one.
     */
    static Compactor cheapestOf(Compactor... compactors) {
        return new CompactorChain(List.of(compactors), true);
    }

    /**
     * Takes images and long outputs out of what lies behind, without asking a model: the cheap step before the others. What
     * the newest response has called for stays.
     */
    static Compactor withoutOldOutputs() {
        return new OldOutputsCompactor();
    }

    /**
     * Has a model write a summary that a person can read, for the model that goes on. Works with any model.
     *
     * @param model usually the agent's own, whose cache has the prompt already
     */
    static Compactor summary(Model model) {
        return new SummaryCompactor(model, SummaryCompactor.REQUEST);
    }

    /** The same with words of the host's own to ask for the summary. */
    static Compactor summary(Model model, String request) {
        return new SummaryCompactor(model, request);
    }

    /**
     * Has the server compact, by a {@code compaction_trigger} item behind the prompt: it reads the prompt from its cache and
     * gives an item that only it can read.
     *
     * @param model the agent's own, at a server that knows the item
     */
    static Compactor trigger(Model model) {
        return new TriggerCompactor(model);
    }

    /** Why a prompt is to be shortened. */
    enum Reason {
        /** The context is nearly full before the first inference of a run. */
        BEFORE_TURN,
        /** The context is nearly full in the middle of a run. */
        MID_TURN,
        /** The server said that the prompt does not fit. */
        CONTEXT_LENGTH,
        /** The model was changed for one with a smaller window. */
        SMALLER_MODEL,
        /** The server compacted by itself, by its threshold in the settings; no compactor is asked. */
        SERVER_THRESHOLD,
        /** The host asked for it. */
        REQUESTED
    }

    /**
     * How full the context is.
     *
     * @param tokens of the prompt as it is now: the server's count, and an estimate of what was added since
     * @param window the model's window; 0 where it is not known
     * @param limit from how many tokens on the prompt is shortened; 0 where the window is not known
     * @param estimated whether all of it is an estimate
     */
    record Context(long tokens, long window, long limit, boolean estimated) {
        /** What of the window a prompt and its answer may fill: 95 %, since counts differ; 0 where it is not known. */
        public long usable() {
            return window * 95 / 100;
        }

        /** Whether the prompt is to be shortened. */
        public boolean full() {
            return limit > 0 && tokens >= limit;
        }
    }

    /**
     * What is to be done.
     *
     * @param prompt the prompt as it is
     * @param reason why it is to be shortened
     * @param context how full it is
     * @param kept the places of the items that must survive word for word, in order: the newest message of the user's, what
     *     was pinned, and from {@code tail} on everything
     * @param tail the place of the first item that the model has not gone on from: its newest response, and all behind it
     * @param userMessages the places of the messages of the user's own, in order
     */
    record Task(
            Prompt prompt, Reason reason, Context context, List<Integer> kept, int tail, List<Integer> userMessages) {
        public Task {
            kept = List.copyOf(kept);
            userMessages = List.copyOf(userMessages);
        }

        /** The items at these places. */
        public List<Item> items(List<Integer> places) {
            return places.stream().map(prompt::item).toList();
        }
    }

    /**
     * What shortening would use, estimated.
     *
     * @param inputTokens of the request, 0 without one
     * @param cachedTokens how many of these are in the provider's cache
     * @param outputTokens of its answer
     */
    record Offer(long inputTokens, long cachedTokens, long outputTokens) {
        /** Uses nothing: no model is asked. */
        public static final Offer FREE = new Offer(0, 0, 0);

        /** The same as usage, so that prices can be put to it. */
        public Usage usage() {
            return equals(FREE) ? Usage.NONE : new Usage(inputTokens, cachedTokens, 0, outputTokens, 0, true);
        }
    }

    /**
     * What stands in place of all items.
     *
     * @param items the items, in order
     * @param returned whether a server gave them, so that they go into the prompt unchanged and what must be put back stands
     *     behind them
     * @param usage what it took
     */
    record Window(List<Item> items, boolean returned, Usage usage) {
        public Window {
            items = List.copyOf(items);
        }

        /** Items that the host or a summary put together. */
        public static Window built(List<Item> items, Usage usage) {
            return new Window(items, false, usage);
        }

        /** Items that a server gave. */
        public static Window returned(List<Item> items, Usage usage) {
            return new Window(items, true, usage);
        }
    }

    /**
     * A compaction that a conversation has had.
     *
     * @param version of the entry that replaced the prompt; the prompt before is {@code promptAt(version - 1)}
     * @param by the name of the compactor; {@code server} where the server compacted by itself
     * @param reason why the prompt was shortened
     * @param tokensBefore how many tokens the context had
     * @param tokensAfter about how many it had after
     * @param usage what the compactor used
     */
    record Completed(long version, String by, Reason reason, long tokensBefore, long tokensAfter, Usage usage) {}
}
