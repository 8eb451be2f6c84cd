package dev.agentloop.benchmarks;

import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Collects the bytes of a response in one array. */
abstract class Collector<T> implements HttpResponse.BodySubscriber<T> {
    private final CompletableFuture<T> whole = new CompletableFuture<>();
    private byte[] bytes = new byte[8 * 1024];
    private int size;

    /** What is made of the bytes when all of them are there. */
    abstract T ended();

    final byte[] bytes() {
        return bytes;
    }

    /** Where {@code text} stands at or behind {@code from}; -1 if it does not. */
    final int find(byte[] text, int from) {
        for (int i = from; i + text.length <= size; i++) {
            int same = 0;
            while (same < text.length && bytes[i + same] == text[same]) {
                same++;
            }
            if (same == text.length) {
                return i;
            }
        }
        return -1;
    }

    @Override
    public final CompletionStage<T> getBody() {
        return whole;
    }

    @Override
    public final void onSubscribe(Flow.Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    public final void onNext(List<ByteBuffer> buffers) {
        for (ByteBuffer buffer : buffers) {
            int count = buffer.remaining();
            if (size + count > bytes.length) {
                bytes = Arrays.copyOf(bytes, Math.max(size + count, 2 * bytes.length));
            }
            buffer.get(bytes, size, count);
            size += count;
        }
    }

    @Override
    public final void onError(Throwable failure) {
        whole.completeExceptionally(failure);
    }

    @Override
    public final void onComplete() {
        whole.complete(ended());
    }
}
