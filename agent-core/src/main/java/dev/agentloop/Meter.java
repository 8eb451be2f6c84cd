package dev.agentloop;

import java.math.BigDecimal;
import java.util.Optional;

/** Counts what a run uses and knows when a limit is reached. Belongs to the loop's thread. */
final class Meter {
    private final Limits limits;
    private int steps;
    private int toolCalls;
    private Usage usage = Usage.NONE;

    Meter(Limits limits) {
        this.limits = limits;
    }

    Limits limits() {
        return limits;
    }

    int nextStep() {
        return ++steps;
    }

    int steps() {
        return steps;
    }

    Usage usage() {
        return usage;
    }

    void use(Usage more) {
        usage = usage.plus(more);
    }

    /** Counts a call; false if the limit does not allow it any more. */
    boolean mayCall() {
        toolCalls++;
        return limits.toolCalls() == 0 || toolCalls <= limits.toolCalls();
    }

    /** The ending by a limit that must come before another paid call. */
    Optional<RunEnd.Ending> reached(int identicalCalls) {
        BigDecimal cost = cost();
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

    private BigDecimal cost() {
        Limits.Prices prices = limits.prices();
        return prices == null ? BigDecimal.ZERO : prices.cost(usage);
    }

    private static Optional<RunEnd.Ending> ending(Limits.Kind kind, String used) {
        return Optional.of(summary -> new Outcome.LimitReached(kind, used, summary));
    }
}
