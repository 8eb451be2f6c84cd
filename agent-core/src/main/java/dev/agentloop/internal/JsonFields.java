package dev.agentloop.internal;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object or the elements of one array, as places in the bytes they came in: values are cut out,
 * never written again.
 *
 * <p>Immutable and thread-safe as long as nobody writes to the bytes.
 */
public final class JsonFields {
    private final byte[] bytes;
    private final int from;
    private final int to;
    private final List<Field> fields;

    /** A field's place; {@code name} is empty for an element of an array. Offsets are into the whole array of bytes. */
    public record Field(String name, int nameStart, int start, int end, JsonToken token) {}

    private JsonFields(byte[] bytes, int from, int to, List<Field> fields) {
        this.bytes = bytes;
        this.from = from;
        this.to = to;
        this.fields = fields;
    }

    /** Reads the top level of the object or array in all of {@code bytes}. */
    public static JsonFields of(byte[] bytes) {
        return of(bytes, 0, bytes.length);
    }

    /**
     * Reads the top level of the object or array that lies in {@code bytes} between two offsets.
     *
     * @throws IllegalArgumentException if that is not exactly one JSON object or array
     */
    public static JsonFields of(byte[] bytes, int from, int to) {
        try (JsonParser parser = Json.FACTORY.createParser(bytes, from, to - from)) {
            JsonToken opening = parser.nextToken();
            if (opening != JsonToken.START_OBJECT && opening != JsonToken.START_ARRAY) {
                throw new IllegalArgumentException("expected a JSON object or array but found "
                        + (opening == null ? "nothing" : opening.name()) + " in " + (to - from) + " bytes");
            }
            int start = from + (int) parser.currentTokenLocation().getByteOffset();
            List<Field> fields = read(parser, from, opening == JsonToken.START_OBJECT);
            int end = from + (int) parser.currentLocation().getByteOffset();
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("more than one JSON value in " + (to - from) + " bytes");
            }
            return new JsonFields(bytes, start, end, fields);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "not JSON: " + e.getOriginalMessage() + " at byte "
                            + (e.getLocation() == null
                                    ? "?"
                                    : Long.toString(e.getLocation().getByteOffset())),
                    e);
        } catch (IOException e) {
            throw new IllegalArgumentException("not JSON: " + e.getMessage(), e);
        }
    }

    private static List<Field> read(JsonParser parser, int from, boolean named) throws IOException {
        List<Field> fields = new ArrayList<>();
        while (true) {
            JsonToken token = parser.nextToken();
            if (token == JsonToken.END_OBJECT || token == JsonToken.END_ARRAY) {
                return fields;
            }
            String name = "";
            int nameStart = 0;
            if (named) {
                name = parser.currentName();
                nameStart = from + (int) parser.currentTokenLocation().getByteOffset();
                token = parser.nextToken();
            }
            int start = from + (int) parser.currentTokenLocation().getByteOffset();
            parser.skipChildren();
            // A string or number is read lazily: without this its end is not known yet.
            parser.finishToken();
            int end = from + (int) parser.currentLocation().getByteOffset();
            fields.add(new Field(name, named ? nameStart : start, start, end, token));
        }
    }

    /** All fields or elements, in the order in which they stand. */
    public List<Field> all() {
        return fields;
    }

    /** The last field of that name, or null. */
    public @Nullable Field field(String name) {
        for (int i = fields.size() - 1; i >= 0; i--) {
            if (fields.get(i).name().equals(name)) {
                return fields.get(i);
            }
        }
        return null;
    }

    /** Whether there is a field of that name whose value is not null. */
    public boolean has(String name) {
        Field field = field(name);
        return field != null && field.token() != JsonToken.VALUE_NULL;
    }

    /** The value of a string field, decoded; null where it is absent or not a string. */
    public @Nullable String text(String name) {
        Field field = field(name);
        return field == null ? null : text(field);
    }

    /** The value of a string, decoded; null where it is something else. */
    public @Nullable String text(Field field) {
        if (field.token() != JsonToken.VALUE_STRING) {
            return null;
        }
        if (!escaped(field)) {
            return new String(bytes, field.start() + 1, field.end() - field.start() - 2, StandardCharsets.UTF_8);
        }
        try (JsonParser parser = Json.FACTORY.createParser(bytes, field.start(), field.end() - field.start())) {
            parser.nextToken();
            return parser.getText();
        } catch (IOException e) {
            throw new IllegalArgumentException("not a JSON string: " + e.getMessage(), e);
        }
    }

    private boolean escaped(Field field) {
        for (int i = field.start(); i < field.end(); i++) {
            if (bytes[i] == '\\') {
                return true;
            }
        }
        return false;
    }

    /** The value of an integer field, or {@code otherwise} where it is absent, no number, or out of range. */
    public long number(String name, long otherwise) {
        Field field = field(name);
        if (field == null || !field.token().isNumeric()) {
            return otherwise;
        }
        try {
            return new java.math.BigDecimal(raw(field)).longValueExact();
        } catch (ArithmeticException | NumberFormatException e) {
            return otherwise;
        }
    }

    /** The value of a boolean field, or {@code otherwise}. */
    public boolean flag(String name, boolean otherwise) {
        Field field = field(name);
        if (field == null || !field.token().isBoolean()) {
            return otherwise;
        }
        return field.token() == JsonToken.VALUE_TRUE;
    }

    /** The text of a value as it stands. */
    public String raw(Field field) {
        return new String(bytes, field.start(), field.end() - field.start(), StandardCharsets.UTF_8);
    }

    /** The fields of an object, or the elements of an array; null where the value is absent or neither. */
    public @Nullable JsonFields inner(String name) {
        Field field = field(name);
        return field == null ? null : inner(field);
    }

    /** The fields of an object, or the elements of an array; null where the value is neither. */
    public @Nullable JsonFields inner(Field field) {
        return field.token().isStructStart() ? of(bytes, field.start(), field.end()) : null;
    }

    /** A copy of the bytes of a value. */
    public byte[] bytes(Field field) {
        return Arrays.copyOfRange(bytes, field.start(), field.end());
    }

    /**
     * The value as one line, less a field of its top level: line breaks between tokens become spaces, all other bytes
     * stay as they came.
     *
     * @param cut the name of the field to leave out, or null
     */
    public byte[] line(@Nullable String cut) {
        byte[] out = new byte[to - from];
        int length = 0;
        int at = from;
        for (int i = 0; cut != null && i < fields.size(); i++) {
            Field field = fields.get(i);
            if (field.name().equals(cut)) {
                length = copy(at, field.nameStart(), out, length);
                boolean last = i == fields.size() - 1;
                at = last ? field.end() : fields.get(i + 1).nameStart();
                length = last ? withoutComma(out, length) : length;
            }
        }
        length = copy(at, to, out, length);
        return Arrays.copyOf(out, length);
    }

    // A raw line break cannot stand inside a JSON string, so each one lies between tokens.
    private int copy(int start, int end, byte[] out, int length) {
        int at = length;
        for (int i = start; i < end; i++) {
            byte b = bytes[i];
            out[at++] = b == '\n' || b == '\r' ? (byte) ' ' : b;
        }
        return at;
    }

    private static int withoutComma(byte[] out, int length) {
        int end = length;
        while (out[end - 1] == ' ' || out[end - 1] == '\t') {
            end--;
        }
        return out[end - 1] == ',' ? end - 1 : length;
    }
}
