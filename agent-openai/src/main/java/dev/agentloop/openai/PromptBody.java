package dev.agentloop.openai;

import dev.agentloop.Prompt;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;

/**
 * A request's body: the prompt's own buffers and then what may vary from request to request; for other addresses than that
 * of an inference, its items between other fields. Nothing is copied, and each subscriber gets the body from its beginning.
 */
final class PromptBody implements HttpRequest.BodyPublisher {
    private final Prompt prompt;
    private final byte[] start;
    /** How many bytes of the prompt are left out at its beginning. */
    private final long skipped;

    private final byte[] end;

    PromptBody(Prompt prompt) {
        this.prompt = prompt;
        this.start = new byte[0];
        this.skipped = 0;
        this.end = ("]," + prompt.ending() + "}").getBytes(StandardCharsets.UTF_8);
    }

    /**
     * The prompt's items as the field {@code input}, behind these fields.
     *
     * @param fields an object with at least one field, as JSON text
     */
    PromptBody(String fields, Prompt prompt) {
        this.prompt = prompt;
        this.start = (fields.substring(0, fields.length() - 1) + ",\"input\":[").getBytes(StandardCharsets.UTF_8);
        this.skipped = prompt.length(0);
        this.end = "]}".getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public long contentLength() {
        return start.length + prompt.length() - skipped + end.length;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
        subscriber.onSubscribe(new Delivery(buffers(), subscriber));
    }

    private List<ByteBuffer> buffers() {
        List<ByteBuffer> buffers = new ArrayList<>();
        if (start.length > 0) {
            buffers.add(ByteBuffer.wrap(start).asReadOnlyBuffer());
        }
        long left = skipped;
        for (ByteBuffer buffer : prompt.wire()) {
            int over = (int) Math.min(left, buffer.remaining());
            buffer.position(buffer.position() + over);
            left -= over;
            if (buffer.hasRemaining()) {
                buffers.add(buffer);
            }
        }
        buffers.add(ByteBuffer.wrap(end).asReadOnlyBuffer());
        return buffers;
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
                    buffer = buffers.get(next++);
                    last = next == buffers.size();
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
