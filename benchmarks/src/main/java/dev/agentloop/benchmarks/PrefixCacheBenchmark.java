package dev.agentloop.benchmarks;

import dev.agentloop.Item;
import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a turn costs the account of the provider's cache: a call and an output of 1 KiB are added, the prompt is compared
 * with the one before, and the server's report with what was expected. The floor adds the items and compares nothing.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class PrefixCacheBenchmark {
    private static final int TURNS = 2_000;
    private static final List<Item> TURN =
            List.of(Item.functionCall("call_1", "read", "{\"turn\":1}"), Item.user("x".repeat(1_024)));

    private final Prompt empty = Prompt.of(PromptSettings.of("model").build(), Toolbox.empty());
    private final PrefixCache cache = PrefixCache.hashChain();
    private Prompt prompt = empty;
    private int turns;

    private Prompt grown() {
        prompt = turns++ % TURNS == 0 ? empty : prompt.plus(TURN);
        return prompt;
    }

    /** The floor. */
    @Benchmark
    public long grow() {
        return grown().length();
    }

    /** With the account. */
    @Benchmark
    public long growAndAccount() {
        PrefixCache.Report report = cache.check(grown());
        return report.reusableBytes()
                + cache.settle(Usage.reported(report.totalBytes() / 4, report.reusableBytes() / 4, 0, 20, 0))
                        .missedTokens();
    }
}
