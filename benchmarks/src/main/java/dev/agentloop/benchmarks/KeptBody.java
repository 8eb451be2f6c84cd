package dev.agentloop.benchmarks;

import java.io.ByteArrayOutputStream;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/** The body of a request that only grows, in one array; it is sent without a copy. */
final class KeptBody extends ByteArrayOutputStream {
    private static final int SLICE = 256 * 1024;

    KeptBody() {
        super(64 * 1024);
    }

    /** Takes bytes away at its end. */
    void shorten(int bytes) {
        count -= bytes;
    }

    /** Hands it out as it is now, in slices. */
    HttpRequest.BodyPublisher publisher() {
        byte[] bytes = buf;
        int length = count;
        return HttpRequest.BodyPublishers.fromPublisher(
                subscriber -> subscriber.onSubscribe(new Slices(bytes, length, subscriber)), length);
    }

    private static final class Slices implements Flow.Subscription {
        private final byte[] bytes;
        private final int length;
        private final Flow.Subscriber<? super ByteBuffer> subscriber;
        private int at;
        private long wanted;
        private boolean busy;

        Slices(byte[] bytes, int length, Flow.Subscriber<? super ByteBuffer> subscriber) {
            this.bytes = bytes;
            this.length = length;
            this.subscriber = subscriber;
        }

        @Override
        public void request(long more) {
            wanted += more;
            // The client asks for more from within onNext.
            while (!busy && wanted > 0 && at < length) {
                busy = true;
                wanted--;
                int count = Math.min(SLICE, length - at);
                at += count;
                subscriber.onNext(ByteBuffer.wrap(bytes, at - count, count).slice());
                busy = false;
                if (at == length) {
                    subscriber.onComplete();
                }
            }
        }

        @Override
        public void cancel() {
            at = length;
        }
    }
}
