package dev.agentloop;

import dev.agentloop.internal.Durations;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a run may use up. Everything is checked before the next paid call; the wall clock also while waiting.
 *
 * <p>Nothing is limited by default but the time of a single tool. Immutable and thread-safe; the {@code with} methods give
 * changed copies.
 *
 * @param steps the most inferences; 0 for no limit
 * @param toolCalls the most tool calls; 0 for no limit
 * @param tokens the most input and output tokens together; 0 for no limit
 * @param money the most money at {@code prices}, in their currency; null for no limit
 * @param prices what the model costs; null where nobody asks
 * @param time the longest that the run may take, 1 ms to 365 days; null for no limit
 * @param toolTimeout the longest that one tool call may take, where the tool does not say so itself, 1 ms to 365 days;
 *     10 minutes by default
 * @param identicalCalls how many identical calls with identical outputs in a row end the run, 2 or more; 0 for never
 */
public record Limits(
        int steps,
        int toolCalls,
        long tokens,
        @Nullable BigDecimal money,
        @Nullable Prices prices,
        @Nullable Duration time,
        Duration toolTimeout,
        int identicalCalls) {

    /** No limit but ten minutes for a single tool call. */
    public static final Limits NONE = new Limits(0, 0, 0, null, null, null, Duration.ofMinutes(10), 0);

    public Limits {
        if (steps < 0 || toolCalls < 0 || tokens < 0 || identicalCalls < 0) {
            throw new IllegalArgumentException("a limit is positive, or 0 for none; these are steps " + steps
                    + ", tool calls " + toolCalls + ", tokens " + tokens + ", identical calls " + identicalCalls);
        }
        if (identicalCalls == 1) {
            throw new IllegalArgumentException(
                    "a limit of 1 identical call in a row would end each run at its first call;"
                            + " set 2 or more, or 0 for no limit");
        }
        if (money != null && prices == null) {
            throw new IllegalArgumentException("a limit of " + money + " in money needs prices: use withMoney");
        }
        if (money != null && money.signum() < 0) {
            throw new IllegalArgumentException("a limit in money is 0 or more, but is " + money.toPlainString());
        }
        if (time != null) {
            Durations.checked("Limits.time", time, Durations.MILLISECOND, Durations.YEAR);
        }
        Durations.checked("Limits.toolTimeout", toolTimeout, Durations.MILLISECOND, Durations.YEAR);
    }

    /** These limits with at most {@code most} inferences. */
    public Limits withSteps(int most) {
        return new Limits(most, toolCalls, tokens, money, prices, time, toolTimeout, identicalCalls);
    }

    /** These limits with at most {@code most} tool calls. */
    public Limits withToolCalls(int most) {
        return new Limits(steps, most, tokens, money, prices, time, toolTimeout, identicalCalls);
    }

    /** These limits with at most {@code most} tokens, input and output together. */
    public Limits withTokens(long most) {
        return new Limits(steps, toolCalls, most, money, prices, time, toolTimeout, identicalCalls);
    }

    /** These limits with at most {@code most} money at these prices. */
    public Limits withMoney(BigDecimal most, Prices at) {
        return new Limits(steps, toolCalls, tokens, most, at, time, toolTimeout, identicalCalls);
    }

    /** These limits with prices by which the cost is reported. */
    public Limits withPrices(Prices at) {
        return new Limits(steps, toolCalls, tokens, money, at, time, toolTimeout, identicalCalls);
    }

    /** These limits with at most {@code most} time for the run, 1 ms to 365 days. */
    public Limits withTime(Duration most) {
        return new Limits(steps, toolCalls, tokens, money, prices, most, toolTimeout, identicalCalls);
    }

    /** These limits with at most {@code most} time for one tool call, 1 ms to 365 days. */
    public Limits withToolTimeout(Duration most) {
        return new Limits(steps, toolCalls, tokens, money, prices, time, most, identicalCalls);
    }

    /** These limits with the run ended by {@code most} identical calls with identical outputs in a row. */
    public Limits withIdenticalCalls(int most) {
        return new Limits(steps, toolCalls, tokens, money, prices, time, toolTimeout, most);
    }

    /** Which limit ended a run. */
    public enum Kind {
        /** {@link Limits#steps}. */
        STEPS,
        /** {@link Limits#toolCalls}. */
        TOOL_CALLS,
        /** {@link Limits#tokens}. */
        TOKENS,
        /** {@link Limits#money}. */
        MONEY,
        /** {@link Limits#time}. */
        TIME,
        /** {@link Limits#identicalCalls}. */
        IDENTICAL_CALLS
    }

    /**
     * Prices of a model for a million tokens each, in any one currency. There are no built-in ones: they change.
     */
    public record Prices(BigDecimal input, BigDecimal cached, BigDecimal cacheWritten, BigDecimal output) {
        private static final BigDecimal MILLION = BigDecimal.valueOf(1_000_000);

        public Prices {
            for (BigDecimal price : List.of(input, cached, cacheWritten, output)) {
                if (price.signum() < 0) {
                    throw new IllegalArgumentException("a price is 0 or more for a million tokens, but these are "
                            + input
                            + " (input), " + cached + " (cached), " + cacheWritten + " (cache written), " + output
                            + " (output)");
                }
            }
        }

        /** Prices from plain numbers. */
        public static Prices of(double input, double cached, double cacheWritten, double output) {
            return new Prices(
                    BigDecimal.valueOf(input),
                    BigDecimal.valueOf(cached),
                    BigDecimal.valueOf(cacheWritten),
                    BigDecimal.valueOf(output));
        }

        /** What this usage costs. */
        public BigDecimal cost(Usage usage) {
            return input.multiply(BigDecimal.valueOf(usage.uncached()))
                    .add(cached.multiply(BigDecimal.valueOf(usage.cached())))
                    .add(cacheWritten.multiply(BigDecimal.valueOf(usage.cacheWritten())))
                    .add(output.multiply(BigDecimal.valueOf(usage.output())))
                    .divide(MILLION);
        }

        /** What this usage would cost without the provider's cache. */
        public BigDecimal withoutCache(Usage usage) {
            return input.multiply(BigDecimal.valueOf(usage.input()))
                    .add(output.multiply(BigDecimal.valueOf(usage.output())))
                    .divide(MILLION);
        }
    }
}
