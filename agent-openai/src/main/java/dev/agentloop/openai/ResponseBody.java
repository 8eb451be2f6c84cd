package dev.agentloop.openai;

import dev.agentloop.internal.JsonFields;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/*
 * All offsets are relative to the start of the event under way, which is where the unused bytes begin. So they stay right
 * when the array grows or its bytes move to its front, and an event's data is read in the place where it came in.
 */
/**
 * The body of a response as far as it came in: bytes that are not used up yet, and the server-sent events that stand in
 * them, whatever the pieces in which they come.
 *
 * <p>Follows the parsing rules for event streams of the WHATWG HTML standard, with one difference: at the end of the
 * stream a last event counts even if the blank line after it is missing. Not thread-safe. Closing gives the array to
 * whoever comes next, so nothing may refer to it any more.
 */
final class ResponseBody implements AutoCloseable {
    /** More than anything that the API sends: its largest single value, a compaction item, has 20 MiB. */
    static final int MOST = 64 * 1024 * 1024;

    private static final int FIRST_SIZE = 8 * 1024;
    private static final int LARGEST_SPARE = 256 * 1024;
    private static final byte[] NOTHING = new byte[0];

    /** An array that a response has left behind. One is enough for a conversation, whose responses follow each other. */
    private static final AtomicReference<byte @Nullable []> SPARE = new AtomicReference<>();

    private static final byte[] BOM = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    private static final byte[] DATA = "data".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EVENT = "event".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TYPE = "\"type\"".getBytes(StandardCharsets.US_ASCII);

    private byte[] bytes = NOTHING;
    private int from;
    private int to;
    private boolean firstLine = true;
    private boolean afterReturn;
    private Event named = Event.OTHER;
    private int used;
    private int scanned;
    private int line;
    private int dataStart = -1;
    private int dataEnd;

    /** The events of a response's stream that matter here, by the type that they have on the wire. */
    enum Event {
        TEXT("response.output_text.delta"),
        REFUSAL("response.refusal.delta"),
        REASONING_SUMMARY("response.reasoning_summary_text.delta"),
        REASONING_SUMMARY_PART("response.reasoning_summary_part.added"),
        REASONING_TEXT("response.reasoning_text.delta"),
        ARGUMENTS("response.function_call_arguments.delta"),
        CUSTOM_INPUT("response.custom_tool_call_input.delta"),
        ITEM_DONE("response.output_item.done"),
        COMPLETED("response.completed"),
        INCOMPLETE("response.incomplete"),
        FAILED("response.failed"),
        ERROR("error"),
        /** The line after the last event, which some servers send. */
        END("[DONE]"),
        /** All others, such as those that repeat what an item will hold, and those that are not known yet. */
        OTHER("");

        private static final Event[] ALL = values();

        private final String wire;

        Event(String wire) {
            this.wire = wire;
        }

        /** The kind whose type stands in these bytes. */
        static Event of(byte[] bytes, int from, int to) {
            for (Event kind : ALL) {
                if (kind != OTHER && kind.is(bytes, from, to)) {
                    return kind;
                }
            }
            return OTHER;
        }

        private boolean is(byte[] bytes, int from, int to) {
            if (wire.length() != to - from) {
                return false;
            }
            // The types differ at their ends, not at their beginnings.
            for (int i = wire.length() - 1; i >= 0; i--) {
                if (wire.charAt(i) != bytes[from + i]) {
                    return false;
                }
            }
            return true;
        }
    }

    /** How many bytes are held. */
    int size() {
        return to - from;
    }

    /** Whether as many bytes are held as may be, so that the next ones are dropped. */
    boolean full() {
        return size() >= MOST;
    }

    void add(List<ByteBuffer> buffers) {
        if (bytes.length == 0) {
            byte[] spare = SPARE.getAndSet(null);
            bytes = spare == null ? new byte[FIRST_SIZE] : spare;
        }
        for (ByteBuffer buffer : buffers) {
            int count = Math.min(buffer.remaining(), MOST - size());
            makeRoom(count);
            buffer.get(bytes, to, count);
            to += count;
        }
    }

    /** The first byte that is neither white space nor a byte order mark; -1 where there is none yet. */
    int firstByte() {
        for (int i = from; i < to; i++) {
            int b = bytes[i] & 0xff;
            if (b > ' ' && b != 0xef && b != 0xbb && b != 0xbf) {
                return b;
            }
        }
        return -1;
    }

    private void makeRoom(int count) {
        if (bytes.length - to >= count) {
            return;
        }
        int held = size();
        boolean fits = held + count <= bytes.length / 2;
        byte[] target = fits ? bytes : new byte[Math.max(held + count, (int) Math.min(MOST, 2L * bytes.length))];
        System.arraycopy(bytes, from, target, 0, held);
        bytes = target;
        from = 0;
        to = held;
    }

    /**
     * The fields of a body that is one JSON object.
     *
     * @throws IllegalArgumentException if it is none
     */
    JsonFields json() {
        return JsonFields.of(bytes, from, to);
    }

    /** What a body says that is an error, in whichever form. */
    ApiError error() {
        return ApiError.ofBody(bytes, from, to);
    }

    /**
     * Goes on to the next whole event, if its bytes have come in.
     *
     * @param ended whether no more bytes will come in
     */
    boolean next(boolean ended) {
        if (used > 0) {
            startEvent(used);
        }
        while (true) {
            int end = endOfLine();
            if (end < 0) {
                return ended && lastEvent();
            }
            if (end > line) {
                field(end);
                line = scanned;
            } else if (dataStart >= 0) {
                used = scanned;
                return true;
            } else {
                named = Event.OTHER;
            }
            if (dataStart < 0) {
                drop(scanned);
            }
        }
    }

    /** Whether part of an event has come in, comments not counted. */
    boolean midway() {
        return dataStart >= 0 || (size() > line && at(line) != ':');
    }

    private void startEvent(int after) {
        drop(after);
        named = Event.OTHER;
        dataStart = -1;
        used = 0;
    }

    private void drop(int count) {
        from += count;
        scanned = 0;
        line = 0;
    }

    private boolean lastEvent() {
        int size = size();
        if (size > line) {
            field(size);
        }
        scanned = size;
        line = size;
        used = size;
        return dataStart >= 0;
    }

    /** The end of the line that begins at {@code line}, with {@code scanned} after it; -1 if its end has not come in. */
    private int endOfLine() {
        // Each byte comes by here: what the loop needs is at hand.
        byte[] in = bytes;
        int limit = to;
        int i = from + scanned;
        if (afterReturn && i < limit) {
            afterReturn = false;
            if (in[i] == '\n') {
                i++;
                line++;
            }
        }
        while (i < limit && in[i] != '\n' && in[i] != '\r') {
            i++;
        }
        scanned = i - from;
        if (i == limit) {
            return -1;
        }
        scanned++;
        // Whether a line feed belongs to this carriage return may only be known with the next bytes.
        afterReturn = in[i] == '\r';
        return i - from;
    }

    private void field(int end) {
        int start = line;
        if (firstLine) {
            firstLine = false;
            start += startsWith(start, end, BOM) ? BOM.length : 0;
        }
        int colon = start;
        while (colon < end && at(colon) != ':') {
            colon++;
        }
        int value = Math.min(colon + 1, end);
        if (value < end && at(value) == ' ') {
            value++;
        }
        if (is(start, colon, DATA)) {
            data(value, end);
        } else if (is(start, colon, EVENT)) {
            named = Event.of(bytes, from + value, from + end);
        }
    }

    // Several lines of data are one text with line feeds between them; they are moved together where they stand.
    private void data(int start, int end) {
        if (dataStart < 0) {
            dataStart = start;
            dataEnd = end;
            return;
        }
        bytes[from + dataEnd] = '\n';
        System.arraycopy(bytes, from + start, bytes, from + dataEnd + 1, end - start);
        dataEnd += 1 + end - start;
    }

    private byte at(int offset) {
        return bytes[from + offset];
    }

    private boolean startsWith(int start, int end, byte[] prefix) {
        return end - start >= prefix.length && is(start, start + prefix.length, prefix);
    }

    private boolean is(int start, int end, byte[] text) {
        return Arrays.equals(bytes, from + start, from + end, text, 0, text.length);
    }

    /**
     * The kind of the current event. The JSON's own type decides; the {@code event} line counts only where finding that
     * would need all of the JSON to be read.
     */
    Event kind() {
        if (dataEnd > dataStart && at(dataStart) == '[') {
            return Event.of(bytes, from + dataStart, from + dataEnd);
        }
        int type = leadingType();
        if (type >= 0) {
            int end = type;
            while (end < dataEnd && at(end) != '"') {
                end++;
            }
            return Event.of(bytes, from + type, from + end);
        }
        return named == Event.OTHER ? kindByJson() : named;
    }

    /** Where the text of a {@code type} begins that is the first field of the JSON; -1 if it is not. */
    private int leadingType() {
        int i = afterSpace(dataStart);
        if (i >= dataEnd || at(i) != '{') {
            return -1;
        }
        i = afterSpace(i + 1);
        if (!startsWith(i, dataEnd, TYPE)) {
            return -1;
        }
        i = afterSpace(i + TYPE.length);
        if (i >= dataEnd || at(i) != ':') {
            return -1;
        }
        i = afterSpace(i + 1);
        return i < dataEnd && at(i) == '"' ? i + 1 : -1;
    }

    private int afterSpace(int start) {
        int i = start;
        while (i < dataEnd && (at(i) == ' ' || at(i) == '\n' || at(i) == '\t')) {
            i++;
        }
        return i;
    }

    private Event kindByJson() {
        JsonFields fields;
        try {
            fields = fields();
        } catch (IllegalArgumentException e) {
            return Event.OTHER;
        }
        String type = fields.text("type");
        if (type == null) {
            return fields.has("error") ? Event.ERROR : Event.OTHER;
        }
        byte[] name = type.getBytes(StandardCharsets.UTF_8);
        return Event.of(name, 0, name.length);
    }

    /**
     * The fields of the current event's data, valid until the next event.
     *
     * @throws IllegalArgumentException if the data is not a JSON object
     */
    JsonFields fields() {
        return JsonFields.of(bytes, from + dataStart, from + dataEnd);
    }

    /**
     * The text of {@code delta}, empty where there is none. What follows it is not read: a stream may have thousands of
     * these events.
     *
     * @throws IllegalArgumentException if the data is not JSON up to there
     */
    String delta() {
        return JsonFields.first(bytes, from + dataStart, from + dataEnd, "delta");
    }

    /**
     * An object in the current event's data, valid until the next event; null where there is none of that name. What follows it
     * is not read.
     *
     * @throws IllegalArgumentException if the data is not JSON up to there
     */
    @Nullable
    JsonFields inner(String name) {
        return JsonFields.firstInner(bytes, from + dataStart, from + dataEnd, name);
    }

    /** The beginning of the current event's data, for a message. */
    String excerpt() {
        return ApiError.shortened(new String(bytes, from + dataStart, dataEnd - dataStart, StandardCharsets.UTF_8));
    }

    @Override
    public void close() {
        if (bytes.length > 0 && bytes.length <= LARGEST_SPARE) {
            SPARE.set(bytes);
        }
        bytes = NOTHING;
        from = 0;
        to = 0;
    }
}
