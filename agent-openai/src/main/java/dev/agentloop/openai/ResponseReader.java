package dev.agentloop.openai;

import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.Item;
import dev.agentloop.Model.DeltaKind;
import dev.agentloop.Model.Listener;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.ModelResponse.CacheDiagnosis;
import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Which items count. An item is taken from its own output_item.done event, the moment that it comes in. The list in the
 * last event is not needed for it, may be empty, and may differ (encrypted reasoning is encrypted again), so what was
 * taken stays. Only if that list has more items than came with events of their own are the others taken from it, by their
 * index, after those that were told already: servers exist that skip those events, all of them or some. Reasoning is not
 * taken late if the item that it belongs to, the next one, was told: behind it, it would be in the wrong place.
 *
 * A response that is not streamed is the case in which all items come from that list.
 */
/** Reads one response, streamed or not, and tells the listener while it comes in. Used once, by the calling thread. */
final class ResponseReader {
    private static final Logger LOG = LoggerFactory.getLogger(ResponseReader.class);

    /** Servers name far fewer; a larger index is taken for nonsense. */
    private static final int MOST_ITEMS = 100_000;

    /** More tokens than any response has: a number above it is no count. */
    private static final long MOST_TOKENS = 1_000_000_000L;

    private final Exchange exchange;
    private final Failures failures;
    private final Listener listener;
    private final long promptBytes;
    private final ResponseBody body;
    private final List<Item> items = new ArrayList<>();
    private final BitSet received = new BitSet();
    private final Map<Long, List<byte[]>> announced = new HashMap<>();
    private long outputBytes;
    private boolean open = true;
    private boolean streamsText;

    ResponseReader(Exchange exchange, Listener listener, long promptBytes) {
        this.exchange = exchange;
        this.failures = exchange.failures();
        this.body = exchange.body();
        this.listener = listener;
        this.promptBytes = promptBytes;
    }

    /**
     * Reads the response to its end.
     *
     * @throws ModelException if it says that it failed, ends too early, or is no response at all
     */
    ModelResponse read() throws InterruptedException {
        if (failures.status() / 100 != 2) {
            exchange.readAll();
            throw failures.refused(body);
        }
        while (open && body.firstByte() < 0) {
            open = exchange.read();
        }
        return isEvents() ? stream() : whole();
    }

    // By what came in, not by what was asked for: errors come as JSON or text also where a stream was wanted, and some
    // servers do not name the type of their streams.
    private boolean isEvents() {
        int first = body.firstByte();
        if (first == '{' || first == '<') {
            return false;
        }
        boolean named = failures.contentType().contains("event-stream");
        return named || first == 'e' || first == 'd' || first == 'i' || first == ':' || first < 0;
    }

    private ModelResponse stream() throws InterruptedException {
        while (true) {
            while (body.next(!open)) {
                exchange.alive();
                ModelResponse response = event(body.kind());
                if (response != null) {
                    exchange.drain();
                    return response;
                }
            }
            if (!open) {
                throw exchange.failure();
            }
            open = exchange.read();
            if (body.full()) {
                throw failures.protocol("sent an event of more than " + ResponseBody.MOST + " bytes");
            }
            if (body.midway()) {
                exchange.alive();
            }
        }
    }

    /** Takes in one event; the response if it was the last one. */
    private @Nullable ModelResponse event(ResponseBody.Event kind) throws InterruptedException {
        switch (kind) {
            case TEXT, REFUSAL -> text(delta());
            case REASONING_SUMMARY, REASONING_TEXT -> listener.onDelta(DeltaKind.REASONING, delta());
            case REASONING_SUMMARY_PART -> summaryPart(fields());
            case ARGUMENTS, CUSTOM_INPUT -> listener.onDelta(DeltaKind.ARGUMENTS, delta());
            case ITEM_DONE -> itemDone(fields());
            case COMPLETED -> {
                return finish(response(), null);
            }
            case INCOMPLETE -> {
                return finish(response(), "unknown");
            }
            case FAILED -> throw failed(response());
            case ERROR -> throw failed(fields());
            case END -> throw exchange.failure();
            case OTHER -> passOver();
        }
        return null;
    }

    private void passOver() {
        if (LOG.isTraceEnabled()) {
            LOG.trace("passed over {}", body.excerpt());
        }
    }

    private JsonFields fields() {
        try {
            return body.fields();
        } catch (IllegalArgumentException e) {
            throw notJson();
        }
    }

    private String delta() {
        try {
            return body.delta();
        } catch (IllegalArgumentException e) {
            throw notJson();
        }
    }

    /** The last event of a stream that was cut is cut as well; elsewhere the server sends what it must not. */
    private ModelException notJson() {
        return open ? failures.protocol("sent an event that is not JSON: " + body.excerpt()) : exchange.failure();
    }

    // It has all items again, so it is not read twice, as a value of the event and by itself.
    private JsonFields response() {
        try {
            JsonFields response = body.inner("response");
            return response == null ? body.fields() : response;
        } catch (IllegalArgumentException e) {
            throw notJson();
        }
    }

    private ModelException failed(JsonFields fields) throws InterruptedException {
        exchange.drain();
        return failures.failed(fields);
    }

    /** Reads a response that is one JSON object. */
    private ModelResponse whole() throws InterruptedException {
        exchange.readAll();
        if (exchange.broke()) {
            throw exchange.failure();
        }
        JsonFields response;
        try {
            response = body.json();
        } catch (IllegalArgumentException e) {
            throw noResponse();
        }
        if (!response.has("output") && !response.has("status")) {
            throw response.has("error") ? failures.failed(response) : noResponse();
        }
        String status = response.text("status");
        if ("failed".equals(status)) {
            throw failures.failed(response);
        }
        if ("queued".equals(status) || "in_progress".equals(status) || "cancelled".equals(status)) {
            throw failures.protocol("sent a response that is " + status + "; background responses are not read");
        }
        return finish(response, "incomplete".equals(status) ? "unknown" : null);
    }

    private ModelException noResponse() {
        String text = body.error().message();
        return failures.protocol("sent neither events nor a response: " + text);
    }

    /**
     * The response, from the object that ends it.
     *
     * @param cutOff why it is incomplete where the object does not say it; null for a complete one
     */
    private ModelResponse finish(JsonFields response, @Nullable String cutOff) {
        takeMissing(response.inner("output"));
        JsonFields details = response.inner("incomplete_details");
        String reason = details == null ? null : details.text("reason");
        String id = response.text("id");
        return new ModelResponse(
                        id == null ? "" : id,
                        items,
                        usage(response.inner("usage"), promptBytes, outputBytes),
                        reason == null ? cutOff : reason,
                        response.flag("end_turn", true))
                .withCacheDiagnosis(diagnosis(response.inner("prompt_cache_diagnostics")));
    }

    /**
     * The reported usage, or an estimate where there is none, where it is zero, or where it cannot be true. A part is
     * never larger than the whole that it is a part of.
     */
    static Usage usage(@Nullable JsonFields usage, long promptBytes, long outputBytes) {
        long input = count(usage, "input_tokens");
        long output = count(usage, "output_tokens");
        if (input < 0 || output < 0 || input + output == 0) {
            return Usage.estimate(promptBytes, outputBytes);
        }
        JsonFields read = usage == null ? null : usage.inner("input_tokens_details");
        JsonFields written = usage == null ? null : usage.inner("output_tokens_details");
        long cached = Math.min(count(read, "cached_tokens"), input);
        long cacheWritten = Math.min(count(read, "cache_write_tokens"), input - Math.max(0, cached));
        long reasoning = Math.min(count(written, "reasoning_tokens"), output);
        return Usage.reported(input, cached, cacheWritten, output, reasoning);
    }

    /** The number of tokens; -1 where there is none that can be true. */
    private static long count(@Nullable JsonFields fields, String name) {
        long tokens = fields == null ? -1 : fields.number(name, -1);
        return tokens > MOST_TOKENS ? -1 : tokens;
    }

    // What the server says about the reuse of the prefix, as it comes: types and fields may be new or absent.
    private static @Nullable CacheDiagnosis diagnosis(@Nullable JsonFields fields) {
        String type = fields == null ? null : fields.text("type");
        if (fields == null || type == null) {
            return null;
        }
        return new CacheDiagnosis(
                type,
                fields.text("reason"),
                Math.max(0, fields.number("cache_missed_tokens", 0)),
                Math.max(0, fields.number("comparison_reusable_tokens", 0)));
    }

    private void itemDone(JsonFields event) {
        Field item = event.field("item");
        if (item == null || item.token() != JsonToken.START_OBJECT) {
            throw failures.protocol("sent an output_item.done event without an item: " + body.excerpt());
        }
        byte[] bytes = event.bytes(item);
        long index = event.number("output_index", -1);
        if (index >= 0 && !isNew(index, bytes)) {
            return; // The very same item in the very same place: a server that says things twice.
        }
        received.set(index < 0 || index > MOST_ITEMS ? received.cardinality() : (int) index);
        item(bytes).ifPresent(this::tell);
    }

    private boolean isNew(long index, byte[] item) {
        List<byte[]> there = announced.computeIfAbsent(index, place -> new ArrayList<>(1));
        return there.stream().noneMatch(known -> Arrays.equals(known, item)) && there.add(item);
    }

    private void takeMissing(@Nullable JsonFields output) {
        if (output == null || output.all().size() <= received.cardinality()) {
            return;
        }
        List<Field> all = output.all();
        for (int i = 0; i < all.size(); i++) {
            if (received.get(i) || all.get(i).token() != JsonToken.START_OBJECT) {
                continue;
            }
            Optional<Item> item = item(output.bytes(all.get(i)));
            if (item.isPresent() && !(item.get() instanceof Item.Reasoning && received.get(i + 1))) {
                tell(item.get());
            }
        }
    }

    private Optional<Item> item(byte[] bytes) {
        try {
            return Item.received(bytes);
        } catch (IllegalArgumentException e) {
            throw failures.protocol("sent an item that cannot be read: " + e.getMessage());
        }
    }

    // Where no text is streamed, a message's text is told as one piece, so that it is heard in either mode.
    private void tell(Item item) {
        if (!streamsText && item instanceof Item.Message message) {
            String text = message.text() + message.refusal();
            if (!text.isEmpty()) {
                listener.onDelta(DeltaKind.TEXT, text);
            }
        }
        items.add(item);
        outputBytes += item.bytes().remaining();
        listener.onItem(item);
    }

    private void text(String delta) {
        streamsText = true;
        listener.onDelta(DeltaKind.TEXT, delta);
    }

    // The parts of a summary are paragraphs, and nothing in their texts parts them.
    private void summaryPart(JsonFields event) {
        if (event.number("summary_index", 0) > 0) {
            listener.onDelta(DeltaKind.REASONING, "\n\n");
        }
    }
}
