package dev.agentloop.benchmarks;

import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;

/** Hands out a body's chunks and its end, without a copy; as little as the JDK's client needs, and no checks. */
final class ChunkPublisher implements HttpRequest.BodyPublisher {
    private final FloorContender.Chunks body;
    private final byte[] end;

    ChunkPublisher(FloorContender.Chunks body, byte[] end) {
        this.body = body;
        this.end = end;
    }

    @Override
    public long contentLength() {
        return body.length() + end.length;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
        List<ByteBuffer> buffers = new ArrayList<>(body.buffers());
        buffers.add(ByteBuffer.wrap(end));
        subscriber.onSubscribe(new Flow.Subscription() {
            private int next;
            private long wanted;

            @Override
            public void request(long count) {
                boolean delivering = wanted > 0;
                wanted += count;
                // The client asks for more from within onNext.
                while (!delivering && wanted > 0 && next < buffers.size()) {
                    subscriber.onNext(buffers.get(next++));
                    wanted--;
                    if (next == buffers.size()) {
                        subscriber.onComplete();
                    }
                }
            }

            @Override
            public void cancel() {
                next = buffers.size();
            }
        });
    }
}
