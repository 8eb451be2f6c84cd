package dev.agentloop.internal.control;

import dev.agentloop.Limits;
import dev.agentloop.Outcome;
import dev.agentloop.Usage;
import java.math.BigDecimal;
import java.util.Optional;

/** Counts what a run uses and knows when a limit is reached. Belongs to the loop's thread. */
public final class Meter {
    private final Limits limits;
    private int steps;
    private int toolCalls;
    private Usage usage = Usage.NONE;

    public Meter(Limits limits) {
        this.limits = limits;
    }

    public Limits limits() {
        return limits;
    }

    public int nextStep() {
        return ++steps;
    }

    public int steps() {
        return steps;
    }

    public Usage usage() {
        return usage;
    }

    public void use(Usage more) {
        usage = usage.plus(more);
    }

    /** Counts a call; false if the limit does not allow it any more. */
    public boolean mayCall() {
        toolCalls++;
        return limits.toolCalls() == 0 || toolCalls <= limits.toolCalls();
    }

    /** The ending by a limit that must come before another paid call. */
    public Optional<RunEnd.Ending> reached(int identicalCalls) {
        Limits.Prices prices = limits.prices();
        BigDecimal cost = prices == null ? BigDecimal.ZERO : prices.cost(usage);
        if (limits.steps() > 0 && steps >= limits.steps()) {
            return ending(Limits.Kind.STEPS, steps + " of " + limits.steps());
        }
        if (limits.toolCalls() > 0 && toolCalls > limits.toolCalls()) {
            return ending(Limits.Kind.TOOL_CALLS, toolCalls + " asked for, " + limits.toolCalls() + " allowed");
        }
        if (limits.tokens() > 0 && usage.total() >= limits.tokens()) {
            return ending(Limits.Kind.TOKENS, usage.total() + " of " + limits.tokens());
        }
        BigDecimal money = limits.money();
        if (money != null && cost.compareTo(money) >= 0) {
            return ending(Limits.Kind.MONEY, cost.toPlainString() + " of " + money.toPlainString());
        }
        if (limits.identicalCalls() > 0 && identicalCalls >= limits.identicalCalls()) {
            return ending(Limits.Kind.IDENTICAL_CALLS, identicalCalls + " in a row of " + limits.identicalCalls());
        }
        return Optional.empty();
    }

    private static Optional<RunEnd.Ending> ending(Limits.Kind kind, String used) {
        return Optional.of(summary -> new Outcome.LimitReached(kind, used, summary));
    }
}
