package dev.agentloop.openai;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/*
 * All offsets are relative to the start of the event under way, which is where the unused bytes begin. So they stay right
 * when the array grows or its bytes move to its front, and an event's data is read in the place where it came in.
 */
/**
 * Cuts a stream of server-sent events into events, whatever the pieces in which its bytes come in.
 *
 * <p>Follows the parsing rules for event streams of the WHATWG HTML standard, with one difference: at the end of the
 * stream a last event counts even if the blank line after it is missing. Not thread-safe.
 */
final class EventParser {
    private static final byte[] BOM = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};
    private static final byte[] DATA = "data".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] EVENT = "event".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TYPE = "\"type\"".getBytes(StandardCharsets.US_ASCII);

    private final Incoming in;
    private boolean firstLine = true;
    private boolean afterReturn;
    private EventKind named = EventKind.OTHER;
    private int used;
    private int scanned;
    private int line;
    private int dataStart = -1;
    private int dataEnd;

    EventParser(Incoming in) {
        this.in = in;
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
                named = EventKind.OTHER;
            }
            if (dataStart < 0) {
                drop(scanned);
            }
        }
    }

    /** Whether part of an event has come in, comments not counted. */
    boolean midway() {
        return dataStart >= 0 || (in.size() > line && at(line) != ':');
    }

    private void startEvent(int after) {
        drop(after);
        named = EventKind.OTHER;
        dataStart = -1;
        used = 0;
    }

    private void drop(int count) {
        in.use(count);
        scanned = 0;
        line = 0;
    }

    private boolean lastEvent() {
        int size = in.size();
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
        byte[] bytes = in.bytes();
        int base = in.from();
        int to = in.to();
        int i = base + scanned;
        if (afterReturn && i < to) {
            afterReturn = false;
            if (bytes[i] == '\n') {
                i++;
                line++;
            }
        }
        while (i < to && bytes[i] != '\n' && bytes[i] != '\r') {
            i++;
        }
        scanned = i - base;
        if (i == to) {
            return -1;
        }
        scanned++;
        // Whether a line feed belongs to this carriage return may only be known with the next bytes.
        afterReturn = bytes[i] == '\r';
        return i - base;
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
            named = EventKind.of(in.bytes(), in.from() + value, in.from() + end);
        }
    }

    // Several lines of data are one text with line feeds between them; they are moved together where they stand.
    private void data(int start, int end) {
        if (dataStart < 0) {
            dataStart = start;
            dataEnd = end;
            return;
        }
        byte[] bytes = in.bytes();
        int base = in.from();
        bytes[base + dataEnd] = '\n';
        System.arraycopy(bytes, base + start, bytes, base + dataEnd + 1, end - start);
        dataEnd += 1 + end - start;
    }

    private byte at(int offset) {
        return in.bytes()[in.from() + offset];
    }

    private boolean startsWith(int start, int end, byte[] prefix) {
        return end - start >= prefix.length && is(start, start + prefix.length, prefix);
    }

    private boolean is(int start, int end, byte[] text) {
        int base = in.from();
        return Arrays.equals(in.bytes(), base + start, base + end, text, 0, text.length);
    }

    /**
     * The kind of the current event. The JSON's own type decides; the {@code event} line counts only where finding that
     * would need all of the JSON to be read.
     */
    EventKind kind() {
        int base = in.from();
        if (dataEnd > dataStart && at(dataStart) == '[') {
            return EventKind.of(in.bytes(), base + dataStart, base + dataEnd);
        }
        int type = leadingType();
        if (type >= 0) {
            int end = type;
            while (end < dataEnd && at(end) != '"') {
                end++;
            }
            return EventKind.of(in.bytes(), base + type, base + end);
        }
        return named == EventKind.OTHER ? kindByJson() : named;
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

    private EventKind kindByJson() {
        JsonFields fields;
        try {
            fields = fields();
        } catch (IllegalArgumentException e) {
            return EventKind.OTHER;
        }
        String type = fields.text("type");
        if (type == null) {
            return fields.has("error") ? EventKind.ERROR : EventKind.OTHER;
        }
        byte[] bytes = type.getBytes(StandardCharsets.UTF_8);
        return EventKind.of(bytes, 0, bytes.length);
    }

    /**
     * The fields of the current event's data, valid until the next event.
     *
     * @throws IllegalArgumentException if the data is not a JSON object
     */
    JsonFields fields() {
        return JsonFields.of(in.bytes(), in.from() + dataStart, in.from() + dataEnd);
    }

    /**
     * The text of {@code delta}, empty where there is none. What follows it is not read: a stream may have thousands of
     * these events.
     *
     * @throws IllegalArgumentException if the data is not JSON up to there
     */
    String delta() {
        int start = in.from() + dataStart;
        try (JsonParser json = Json.FACTORY.createParser(in.bytes(), start, dataEnd - dataStart)) {
            json.nextToken();
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                boolean found = json.currentName().equals("delta");
                JsonToken value = json.nextToken();
                if (found) {
                    return value == JsonToken.VALUE_STRING ? json.getText() : "";
                }
                json.skipChildren();
            }
            return "";
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON: " + e.getMessage(), e);
        }
    }

    /** The beginning of the current event's data, for a message. */
    String excerpt() {
        return ApiError.shortened(
                new String(in.bytes(), in.from() + dataStart, dataEnd - dataStart, StandardCharsets.UTF_8));
    }
}
