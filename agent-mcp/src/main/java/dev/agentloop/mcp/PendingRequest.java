package dev.agentloop.mcp;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** A request that was sent and has no answer yet. Thread-safe. */
final class PendingRequest {
    private final String id;
    private final Consumer<String> progress;
    private final CompletableFuture<Object> result = new CompletableFuture<>();

    PendingRequest(String id, Consumer<String> progress) {
        this.id = id;
        this.progress = progress;
    }

    String id() {
        return id;
    }

    void answered(Object value) {
        result.complete(value);
    }

    void failed(ServerException failure) {
        result.completeExceptionally(failure);
    }

    void progress(String text) {
        progress.accept(text);
    }

    /**
     * Waits for the answer.
     *
     * @throws TimeoutException if it does not come in time
     * @throws ServerException if the server refuses, or is gone
     */
    Object await(Duration timeout) throws ServerException, TimeoutException, InterruptedException {
        try {
            return result.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw Failures.of(e);
        }
    }
}
