package dev.agentloop.benchmarks;

import dev.agentloop.Item;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Making an item of the model's bytes: its kind found, its id cut out. The floor copies the bytes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ItemSlicingBenchmark {
    /** The size of the arguments, in bytes. */
    @Param({"100", "10000"})
    public int size;

    /** A function call as it comes in. */
    private byte[] call() {
        return ("{\"id\":\"fc_0123456789abcdef\",\"type\":\"function_call\",\"status\":\"completed\",\"arguments\":\"{"
                        + "x".repeat(size) + "}\",\"call_id\":\"call_0123456789abcdef\",\"name\":\"shell_command\"}")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** The bytes of one item. */
    @State(Scope.Benchmark)
    public static class Received {
        byte[] bytes = {};

        /** Made once for each size. */
        @Setup
        public void make(ItemSlicingBenchmark benchmark) {
            bytes = benchmark.call();
        }
    }

    /** The library's way. */
    @Benchmark
    public Optional<Item> slice(Received received) {
        return Item.received(received.bytes);
    }

    /** The floor. */
    @Benchmark
    public byte[] copy(Received received) {
        return Arrays.copyOf(received.bytes, received.bytes.length);
    }
}
