package dev.agentloop.testkit.internal.cache;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.internal.request.ItemScan;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The body of a request as a provider's cache sees it. */
public final class CachedBody extends CachedRequest {
    private static final byte[] EMPTY_INPUT = {'{', '"', 'i', '"', ':', '['};

    private final byte[] body;
    private final int[] ends;

    private CachedBody(JsonFields before, JsonFields behind, byte[] body, int[] ends) {
        super(before, behind);
        this.body = body;
        this.ends = ends;
    }

    /** What stands before the input of a body. */
    public record Head(byte[] body, JsonFields fields, int input) {

        /**
         * Reads a body up to its input.
         *
         * @throws IllegalArgumentException if that is no JSON object with an array of items as its input
         */
        public static Head of(byte[] body) {
            int input = inputOf(body);
            byte[] object = Arrays.copyOf(body, input + 2);
            object[input] = ']';
            object[input + 1] = '}';
            return new Head(body, JsonFields.of(object), input);
        }

        public String id() {
            return fields.text("model") + " " + key(fields);
        }

        private static int inputOf(byte[] body) {
            try (JsonParser parser = Json.FACTORY.createParser(body)) {
                parser.nextToken();
                while (parser.nextToken() == JsonToken.FIELD_NAME) {
                    boolean input = parser.currentName().equals("input");
                    if (parser.nextToken() == JsonToken.START_ARRAY && input) {
                        return (int) parser.currentLocation().getByteOffset();
                    }
                    parser.skipChildren();
                }
            } catch (IOException e) {
                throw new IllegalArgumentException("the body is not a request in JSON: " + e.getMessage(), e);
            }
            throw new IllegalArgumentException("the body of " + body.length + " bytes has no input, or one that is not"
                    + " an array of items; the cache simulator plays only requests with items");
        }
    }

    /** The request with this body; what it shares with {@code before} is not read again. */
    public static CachedBody of(Head head, @Nullable CachedRequest before) {
        byte[] body = head.body();
        int[] ends = {head.input()};
        if (before instanceof CachedBody other && other.ends[0] == head.input()) {
            ends = Arrays.copyOf(other.ends, other.sameAs(body) + 1);
        }
        int count = ends.length;
        ItemScan scan = new ItemScan(body, ends[count - 1]);
        try {
            while (scan.next()) {
                ends = count < ends.length ? ends : Arrays.copyOf(ends, count + Math.max(16, count / 2));
                ends[count++] = scan.end();
            }
        } catch (IOException e) {
            throw new IllegalArgumentException("item " + (count - 1) + " is not JSON: " + e.getMessage(), e);
        }
        return new CachedBody(head.fields(), behind(body, scan.end()), body, Arrays.copyOf(ends, count));
    }

    private static JsonFields behind(byte[] body, int inputEnd) {
        byte[] object = Arrays.copyOf(EMPTY_INPUT, EMPTY_INPUT.length + body.length - inputEnd);
        System.arraycopy(body, inputEnd, object, EMPTY_INPUT.length, body.length - inputEnd);
        return JsonFields.of(object);
    }

    @Override
    int size() {
        return ends.length - 1;
    }

    @Override
    long end(int items) {
        return ends[items];
    }

    @Override
    List<ByteBuffer> wire() {
        return List.of(ByteBuffer.wrap(body));
    }

    @Override
    int sameItems(CachedRequest before) {
        return before instanceof CachedBody other && other.ends[0] == ends[0] ? other.sameAs(body) : 0;
    }

    /** How many items from the start are the same bytes in {@code later}. */
    private int sameAs(byte[] later) {
        int mismatch = Arrays.mismatch(body, later);
        int found = Arrays.binarySearch(ends, mismatch < 0 ? body.length : mismatch);
        // An item that ends just where the bodies part is the same in both.
        return found >= 0 ? found : Math.max(0, -found - 2);
    }
}
