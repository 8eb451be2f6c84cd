package dev.agentloop;

import static org.assertj.core.api.Assertions.fail;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;

/** What the tests of a run's bounds share: a store that fails or waits, runs on threads of their own. */
abstract class BoundsFixture extends LoopFixture {
    static final Duration LONG = Duration.ofSeconds(30);

    /** A store that can be made to fail or to wait. */
    static final class Odd extends ForwardingStore {
        volatile Predicate<List<LogEntry>> fails = entries -> false;
        volatile CountDownLatch loads = new CountDownLatch(0);
        final CountDownLatch loading = new CountDownLatch(1);

        Odd(ConversationStore store) {
            super(store);
        }

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            if (fails.test(entries)) {
                throw new StoreException(StoreException.Kind.UNAVAILABLE, "disk full");
            }
            return super.append(conversation, expected, entries);
        }

        @Override
        public List<LogEntry> load(String conversation) {
            if (loads.getCount() > 0) {
                loading.countDown();
            }
            await(loads);
            return super.load(conversation);
        }
    }

    final Odd odd = new Odd(store);

    /** The tool with a time limit of its own, so that a busy machine makes no other tool late. */
    record Within(Duration time, TestTool tool) implements Tool {
        @Override
        public Specification specification() {
            return tool.specification();
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            return tool.call(call, context);
        }

        @Override
        public Duration timeout() {
            return time;
        }
    }

    static void await(CountDownLatch latch) {
        try {
            if (!latch.await(LONG.toSeconds(), TimeUnit.SECONDS)) {
                fail("waited in vain");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    static <T> T get(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(LONG.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the run has not ended", e);
        }
    }

    CompletableFuture<Outcome> start(Conversation conversation, String input, RunOptions options) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                outcome.complete(conversation.run(input, options));
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return outcome;
    }
}
