package dev.agentloop.benchmarks;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import java.util.ArrayList;
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

/** Reading a log of 1,000 items of 1 KiB from memory, checking its chain and folding it. The floor reads the entries. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class LoadBenchmark {
    private static final Model NO_MODEL = new Model() {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("none").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            throw new IllegalStateException("nothing is sent here");
        }
    };

    private final ConversationStore store = new MemoryStore();
    private final AgentLoop agent =
            AgentLoop.builder().model(NO_MODEL).store(store).build();
    private final String id = begun();

    private String begun() {
        Conversation conversation = agent.newConversation();
        List<Item> items = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            items.add(Item.user("x".repeat(1_024)));
        }
        conversation.append(items);
        return conversation.id();
    }

    /** The library's way. */
    @Benchmark
    public int load() {
        return agent.resume(id).prompt().size();
    }

    /** The floor. */
    @Benchmark
    public int read() {
        return store.read(id, 0, 2_000).size();
    }
}
