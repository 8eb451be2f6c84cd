package dev.agentloop.openai;

import dev.agentloop.Prompt;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.Flow;

/**
 * A request's body: the prompt's own buffers and then what may vary from request to request. Nothing is copied, and each
 * subscriber gets the body from its beginning.
 */
final class PromptBody implements HttpRequest.BodyPublisher {
    private static final byte[] END = "],\"tool_choice\":\"auto\"}".getBytes(StandardCharsets.US_ASCII);

    private final Prompt prompt;

    PromptBody(Prompt prompt) {
        this.prompt = prompt;
    }

    @Override
    public long contentLength() {
        return prompt.length() + END.length;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Delivery(prompt.wire(), subscriber));
    }

    /** Hands out the buffers on the subscriber's thread. */
    private static final class Delivery implements Flow.Subscription {
        private final List<ByteBuffer> buffers;
        private final Flow.Subscriber<? super ByteBuffer> subscriber;
        private int next;
        private long wanted;
        private boolean delivering;
        private boolean ended;

        Delivery(List<ByteBuffer> buffers, Flow.Subscriber<? super ByteBuffer> subscriber) {
            this.buffers = buffers;
            this.subscriber = subscriber;
        }

        @Override
        public void request(long count) {
            synchronized (this) {
                if (ended) {
                    return;
                }
                if (count <= 0) {
                    ended = true;
                    subscriber.onError(new IllegalArgumentException("a subscriber asked for " + count + " buffers"));
                    return;
                }
                wanted = wanted + count < 0 ? Long.MAX_VALUE : wanted + count;
                // A subscriber may ask for more while it is given something.
                if (delivering) {
                    return;
                }
                delivering = true;
            }
            deliver();
        }

        private void deliver() {
            while (true) {
                ByteBuffer buffer;
                boolean last;
                synchronized (this) {
                    if (ended || wanted == 0) {
                        delivering = false;
                        return;
                    }
                    wanted--;
                    buffer = next < buffers.size()
                            ? buffers.get(next)
                            : ByteBuffer.wrap(END).asReadOnlyBuffer();
                    last = next == buffers.size();
                    next++;
                    ended = last;
                }
                subscriber.onNext(buffer);
                if (last) {
                    subscriber.onComplete();
                    return;
                }
            }
        }

        @Override
        public synchronized void cancel() {
            ended = true;
        }
    }
}
