package dev.agentloop.openai;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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

/** Cutting a stream of 200 text deltas into events and taking their texts, beside reading every byte once. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SseDecodingBenchmark {
    private static final int DELTAS = 200;

    private final byte[] stream = stream();

    private static byte[] stream() {
        StringBuilder events = new StringBuilder();
        for (int i = 0; i < DELTAS; i++) {
            events.append("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",")
                    .append("\"sequence_number\":")
                    .append(i)
                    .append(",\"item_id\":\"msg_1\",\"output_index\":0,\"content_index\":0,\"delta\":\" word ")
                    .append(i)
                    .append("\",\"logprobs\":[],\"obfuscation\":\"x9y8z7\"}\n\n");
        }
        return events.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** The client's parser. */
    @Benchmark
    public int decode() {
        int characters = 0;
        try (ResponseBody events = new ResponseBody()) {
            events.add(List.of(ByteBuffer.wrap(stream)));
            while (events.next(true)) {
                characters += events.kind() == ResponseBody.Event.TEXT
                        ? events.delta().length()
                        : 0;
            }
        }
        return characters;
    }

    /** The floor: every byte is looked at once. */
    @Benchmark
    public int scan() {
        int lines = 0;
        for (byte b : stream) {
            lines += b == '\n' ? 1 : 0;
        }
        return lines;
    }
}
