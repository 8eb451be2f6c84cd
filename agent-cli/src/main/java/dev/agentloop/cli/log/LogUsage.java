package dev.agentloop.cli.log;

import dev.agentloop.Limits;
import dev.agentloop.Usage;
import dev.agentloop.cli.events.Progress;
import org.jspecify.annotations.Nullable;

/** Adds up what a log says was used. */
final class LogUsage {
    private final Limits.@Nullable Prices prices;
    private Usage total = Usage.NONE;
    private Usage turn = Usage.NONE;
    private Usage underWay = Usage.NONE;

    LogUsage(Limits.@Nullable Prices prices) {
        this.prices = prices;
    }

    /** A response, or a compaction that is over. */
    void used(Usage usage) {
        total = total.plus(usage);
        turn = turn.plus(usage);
    }

    /** A compactor begins, and may use so much: what is counted if nothing more is heard of it. */
    void compactionBegun(Usage estimate) {
        lost();
        underWay = estimate;
    }

    /** A compactor has ended or failed. */
    void compactionEnded(Usage usage) {
        underWay = Usage.NONE;
        used(usage);
    }

    /** A turn begins. */
    void turnBegun() {
        lost();
        turn = Usage.NONE;
    }

    /** A turn ends, or the conversation is a fork from here on. */
    void lost() {
        used(underWay);
        underWay = Usage.NONE;
    }

    Usage total() {
        return total;
    }

    /** What was used since the newest turn began. */
    Usage turn() {
        return turn;
    }

    /** Usage in words, with its price where prices are known. */
    String words(Usage usage) {
        return Progress.tokens(usage)
                + (prices == null
                        ? ""
                        : ", cost " + prices.cost(usage).stripTrailingZeros().toPlainString());
    }
}
