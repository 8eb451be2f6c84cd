package dev.agentloop.pg;

import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * As the fold counts: what a compaction may use is counted where nothing is heard of it before a turn begins or ends. So
 * the sums stand still before a compaction that is under way, until it is known how it ended.
 */
/** What the entries of a log up to a version used. Immutable. */
record Sums(long counted, long turns, long steps, Usage usage) {
    static final Sums NONE = new Sums(0, 0, 0, Usage.NONE);

    private static final String COMPACTION_BEGUN = "compaction.begun";
    private static final String COMPACTION_FAILED = "compaction.failed";
    private static final String WINDOW = "epoch.window";

    /** The kinds whose payloads are looked at here. */
    static final List<String> KINDS =
            List.of("response", "response.broken", COMPACTION_BEGUN, COMPACTION_FAILED, WINDOW);

    /**
     * What was read of an entry.
     *
     * @param erased whether the payload is the mark of an erased entry; that may say what the entry used, and says nothing else
     * @param payload null where it is not looked at
     */
    record Entry(long version, String kind, boolean anchor, boolean erased, byte @Nullable [] payload) {}

    /** The sums behind these entries, or before a compaction among them that is under way. */
    Sums plus(List<Entry> entries) {
        Sums sums = this;
        Sums settled = null;
        Usage underWay = Usage.NONE;
        for (Entry entry : entries) {
            Sums before = sums;
            sums = sums.upTo(entry.version());
            if (entry.anchor()) {
                continue;
            }
            switch (entry.kind()) {
                case "turn.begun", "turn.ended", "fork", COMPACTION_BEGUN -> {
                    sums = sums.used(underWay).begun(entry.kind().equals("turn.begun"));
                    boolean begins = entry.kind().equals(COMPACTION_BEGUN);
                    settled = begins ? before.used(underWay) : null;
                    underWay = begins ? usage(entry) : Usage.NONE;
                }
                case COMPACTION_FAILED, WINDOW -> {
                    sums = sums.used(usage(entry));
                    settled = null;
                    underWay = Usage.NONE;
                }
                case "response", "response.broken" ->
                    sums = sums.used(usage(entry)).stepped();
                default -> {
                    // Uses nothing.
                }
            }
        }
        return settled == null ? sums : settled;
    }

    private Sums upTo(long version) {
        return new Sums(version, turns, steps, usage);
    }

    private Sums used(Usage more) {
        return new Sums(counted, turns, steps, usage.plus(more));
    }

    private Sums begun(boolean turn) {
        return new Sums(counted, turns + (turn ? 1 : 0), steps, usage);
    }

    private Sums stepped() {
        return new Sums(counted, turns, steps + 1, usage);
    }

    private static Usage usage(Entry entry) {
        byte[] payload = entry.payload();
        if (payload == null || payload.length == 0 || payload[0] != '{') {
            return Usage.NONE;
        }
        JsonFields usage = JsonFields.of(payload).inner("usage");
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
}
