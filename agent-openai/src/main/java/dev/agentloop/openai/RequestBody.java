package dev.agentloop.openai;

import dev.agentloop.Prompt;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ChunkedPrompt;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/*
 * The lists of fields are those of the API's specification: CompactResponseMethodPublicBody and TokenCountsBody. What they
 * have beside these refers to what a server has stored, which a prompt never does.
 */
/**
 * A request's body: the prompt's own buffers and then what may vary from request to request; for other addresses than that
 * of an inference, its items behind those of its fields that the API takes there. Nothing is copied, and each subscriber
 * gets the body from its beginning.
 */
final class RequestBody implements HttpRequest.BodyPublisher {
    private static final String OPTIONS = "prompt_cache_options";
    private static final List<String> COMPACT =
            List.of("model", "instructions", "prompt_cache_key", "prompt_cache_retention", OPTIONS, "service_tier");
    private static final List<String> CACHE = List.of("mode", "ttl");
    private static final List<String> COUNT = List.of(
            "model", "instructions", "tools", "parallel_tool_calls", "reasoning", "text", "truncation", "personality");
    private static final List<String> ENDING = List.of("tool_choice");

    private final Prompt prompt;
    private final byte[] start;
    /** How many bytes of the prompt are left out at its beginning. */
    private final long skipped;

    private final byte[] end;

    /** The body of a request for an inference. */
    RequestBody(Prompt prompt) {
        this.prompt = prompt;
        this.start = new byte[0];
        this.skipped = 0;
        this.end = ("]," + prompt.ending() + "}").getBytes(StandardCharsets.UTF_8);
    }

    // The prompt's items as the field "input", behind these: an object with at least one field.
    private RequestBody(String fields, Prompt prompt) {
        this.prompt = prompt;
        this.start = (fields.substring(0, fields.length() - 1) + ",\"input\":[").getBytes(StandardCharsets.UTF_8);
        this.skipped = prompt.length(0);
        this.end = "]}".getBytes(StandardCharsets.UTF_8);
    }

    /** For {@code /responses/compact}, whose options are less than those of an inference. */
    static RequestBody toCompact(Prompt prompt, boolean withInstructions) {
        JsonFields head = ChunkedPrompt.fixed(prompt).fields();
        String fields = Json.objectText(w -> {
            for (String name : COMPACT) {
                if (name.equals(OPTIONS)) {
                    cacheOptions(w, head.inner(OPTIONS));
                } else if (withInstructions || !name.equals("instructions")) {
                    copy(w, head, name);
                }
            }
        });
        return new RequestBody(fields, prompt);
    }

    /** For {@code /responses/input_tokens}. */
    static RequestBody toCount(Prompt prompt) {
        JsonFields head = ChunkedPrompt.fixed(prompt).fields();
        JsonFields ending = JsonFields.of(("{" + prompt.ending() + "}").getBytes(StandardCharsets.UTF_8));
        String fields = Json.objectText(w -> {
            for (String name : COUNT) {
                copy(w, head, name);
            }
            for (String name : ENDING) {
                copy(w, ending, name);
            }
        });
        return new RequestBody(fields, prompt);
    }

    private static void cacheOptions(Json.Writer out, @Nullable JsonFields options) throws IOException {
        if (options != null && CACHE.stream().anyMatch(options::has)) {
            out.object(OPTIONS, o -> {
                for (String name : CACHE) {
                    copy(o, options, name);
                }
            });
        }
    }

    private static void copy(Json.Writer out, JsonFields fields, String name) throws IOException {
        JsonFields.Field field = fields.field(name);
        if (field != null && fields.has(name)) {
            out.raw(name, fields.raw(field));
        }
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
