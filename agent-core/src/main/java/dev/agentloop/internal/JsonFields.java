package dev.agentloop.internal;

import com.fasterxml.jackson.core.JsonToken;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object or the elements of one array, as places in the bytes they came in: values are cut out,
 * never written again.
 *
 * <p>Immutable and thread-safe as long as nobody writes to the bytes.
 */
public final class JsonFields {
    private static final byte[] BOM = {(byte) 0xef, (byte) 0xbb, (byte) 0xbf};

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
        JsonScan scan = new JsonScan(bytes, from + byteOrderMark(bytes, from, to), to);
        int start = scan.next();
        boolean object = scan.take('{');
        if (!object && !scan.take('[')) {
            throw new IllegalArgumentException("expected a JSON object or array but found "
                    + (scan.ended() ? "nothing" : scan.value().name()) + " in " + (to - from) + " bytes");
        }
        List<Field> fields = read(scan, object);
        int end = scan.at();
        if (!scan.ended()) {
            throw new IllegalArgumentException("more than one JSON value in " + (to - from) + " bytes");
        }
        return new JsonFields(bytes, start, end, fields);
    }

    /**
     * The first field of that name in the object that lies in {@code bytes} between two offsets, decoded; empty where there is
     * none, or it is no string. Nothing after it is read.
     *
     * @throws IllegalArgumentException if that is not JSON up to there
     */
    public static String first(byte[] bytes, int from, int to, String name) {
        JsonScan scan = new JsonScan(bytes, from, to);
        if (!find(scan, name)) {
            return "";
        }
        int start = scan.next();
        return scan.value() == JsonToken.VALUE_STRING ? Json.unquote(bytes, start, scan.at()) : "";
    }

    /** The same of a field that is an object; null where there is none, or it is something else. */
    public static @Nullable JsonFields firstInner(byte[] bytes, int from, int to, String name) {
        JsonScan scan = new JsonScan(bytes, from, to);
        if (!find(scan, name)) {
            return null;
        }
        int start = scan.next();
        if (!scan.take('{')) {
            return null;
        }
        List<Field> fields = read(scan, true);
        return new JsonFields(bytes, start, scan.at(), fields);
    }

    // Steps to the value of the first field of that name.
    private static boolean find(JsonScan scan, String name) {
        if (!scan.take('{')) {
            JsonToken unused = scan.value();
            return false;
        }
        boolean more = !scan.take('}');
        while (more) {
            if (scan.name().equals(name)) {
                return true;
            }
            JsonToken unused = scan.value();
            more = scan.comma('}');
        }
        return false;
    }

    private static int byteOrderMark(byte[] bytes, int from, int to) {
        boolean marked = to - from >= BOM.length && Arrays.equals(bytes, from, from + BOM.length, BOM, 0, BOM.length);
        return marked ? BOM.length : 0;
    }

    private static List<Field> read(JsonScan scan, boolean named) {
        char end = named ? '}' : ']';
        List<Field> fields = new ArrayList<>();
        boolean more = !scan.take(end);
        while (more) {
            int nameStart = scan.next();
            String name = named ? scan.name() : "";
            int start = scan.next();
            JsonToken token = scan.value();
            fields.add(new Field(name, nameStart, start, scan.at(), token));
            more = scan.comma(end);
        }
        return fields;
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

    /** The same, empty where it is absent or not a string. */
    public String textOrEmpty(String name) {
        String text = text(name);
        return text == null ? "" : text;
    }

    /** A text, or what the objects of an array in its place have under {@code part}, joined. */
    public String said(String name, String part) {
        String plain = text(name);
        return plain != null ? plain : joinedTexts(name, part);
    }

    /** What the objects of an array have under that name, joined. */
    public String joinedTexts(String array, String name) {
        StringBuilder joined = new StringBuilder();
        for (JsonFields part : inners(array)) {
            joined.append(part.textOrEmpty(name));
        }
        return joined.toString();
    }

    /** The value of a string, decoded; null where it is something else. */
    public @Nullable String text(Field field) {
        return field.token() == JsonToken.VALUE_STRING ? Json.unquote(bytes, field.start(), field.end()) : null;
    }

    /** The value of an integer field, or {@code otherwise} where it is absent, no number, or out of range. */
    public long number(String name, long otherwise) {
        Field field = field(name);
        if (field == null || !field.token().isNumeric()) {
            return otherwise;
        }
        try {
            String raw = raw(field);
            boolean plain = field.token() == JsonToken.VALUE_NUMBER_INT;
            return plain ? Long.parseLong(raw) : new BigDecimal(raw).longValueExact();
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

    /** The strings of an array; none where it is absent. */
    public List<String> texts(String name) {
        return each(name, JsonFields::text);
    }

    /** The objects and arrays of an array; none where it is absent. */
    public List<JsonFields> inners(String name) {
        return each(name, JsonFields::inner);
    }

    private <T> List<T> each(String name, BiFunction<JsonFields, Field, @Nullable T> read) {
        JsonFields array = inner(name);
        List<T> values = new ArrayList<>();
        if (array != null) {
            for (Field element : array.fields) {
                T value = read.apply(array, element);
                if (value != null) {
                    values.add(value);
                }
            }
        }
        return values;
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
        return length == out.length ? out : Arrays.copyOf(out, length);
    }

    /**
     * The object as one line, with a field that has this value in place of all of that name.
     *
     * @param raw the JSON text of the value
     */
    public byte[] with(String name, String raw) {
        byte[] rest = line(name);
        String field = Json.quote(name) + ":" + raw + "}";
        boolean only = fields.stream().allMatch(field1 -> field1.name().equals(name));
        byte[] added = (only ? field : "," + field).getBytes(StandardCharsets.UTF_8);
        byte[] out = Arrays.copyOf(rest, rest.length - 1 + added.length);
        System.arraycopy(added, 0, out, rest.length - 1, added.length);
        return out;
    }

    // A raw line break cannot stand inside a JSON string, so each one lies between tokens.
    private int copy(int start, int end, byte[] out, int length) {
        int copied = length + end - start;
        System.arraycopy(bytes, start, out, length, end - start);
        for (int i = length; i < copied; i++) {
            if (out[i] == '\n' || out[i] == '\r') {
                out[i] = ' ';
            }
        }
        return copied;
    }

    private static int withoutComma(byte[] out, int length) {
        int end = length;
        while (out[end - 1] == ' ' || out[end - 1] == '\t') {
            end--;
        }
        return out[end - 1] == ',' ? end - 1 : length;
    }
}
