package dev.agentloop.internal;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonStringEncoder;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON text, always in the same bytes for the same values: no white space, fields in the order in which they are
 * written.
 *
 * <p>Stateless and thread-safe.
 */
public final class Json {
    // What a model or a host sent is kept whatever its size; the bounds on sizes are the caller's.
    public static final JsonFactory FACTORY = JsonFactory.builder()
            // A character has one form: as itself, in UTF-8.
            .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNameLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private static final int LARGEST_SPARE = 64 * 1024;
    // What stands after a backslash, and what it means.
    private static final String ESCAPED = "\"\\/bfnrt";
    private static final String MEANT = "\"\\/\b\f\n\r\t";

    /** What the last object was written into, with room for the next. One is enough for a loop, which writes one by one. */
    private static final AtomicReference<@Nullable ByteArrayOutputStream> SPARE = new AtomicReference<>();

    private Json() {}

    /** The text as a JSON string, quotes included; a lone surrogate is written as an escape, so that it survives. */
    public static String quote(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16).append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, out);
        for (int at = loneSurrogate(out, 0); at >= 0; at = loneSurrogate(out, at)) {
            out.replace(at, at + 1, "\\u" + HexFormat.of().toHexDigits(out.charAt(at)));
        }
        return out.append('"').toString();
    }

    /** The text of a JSON string that lies in {@code bytes} between two offsets, quotes included; it must be one. */
    static String unquote(byte[] bytes, int start, int end) {
        int escape = escape(bytes, start, end);
        if (escape < 0) {
            return new String(bytes, start + 1, end - start - 2, StandardCharsets.UTF_8);
        }
        String plain = withoutEscapes(bytes, start + 1, escape, end - 1);
        if (plain != null) {
            return plain;
        }
        try (JsonParser parser = FACTORY.createParser(bytes, start, end - start)) {
            parser.nextToken();
            return parser.getText();
        } catch (IOException e) {
            throw new IllegalArgumentException("not a JSON string: " + e.getMessage(), e);
        }
    }

    private static int escape(byte[] bytes, int start, int end) {
        for (int i = start; i < end; i++) {
            if (bytes[i] == '\\') {
                return i;
            }
        }
        return -1;
    }

    // Quotes and line breaks are in all arguments and most outputs, and a parser for each costs more than they do. Null
    // where there are characters by their numbers.
    private static @Nullable String withoutEscapes(byte[] bytes, int start, int firstEscape, int end) {
        byte[] out = new byte[end - start];
        int length = firstEscape - start;
        System.arraycopy(bytes, start, out, 0, length);
        for (int i = firstEscape; i < end; i++) {
            byte b = bytes[i];
            if (b == '\\') {
                int at = i + 1 < end ? ESCAPED.indexOf(bytes[++i]) : -1;
                if (at < 0) {
                    return null;
                }
                b = (byte) MEANT.charAt(at);
            }
            out[length++] = b;
        }
        return new String(out, 0, length, StandardCharsets.UTF_8);
    }

    /** Where the first half of a character without its other half stands, at or behind {@code from}; -1 if nowhere. */
    private static int loneSurrogate(CharSequence text, int from) {
        int i = from;
        while (i < text.length()) {
            int character = Character.codePointAt(text, i);
            if (character >= Character.MIN_SURROGATE && character <= Character.MAX_SURROGATE) {
                return i;
            }
            i += Character.charCount(character);
        }
        return -1;
    }

    /** The bytes of one JSON object whose fields {@code body} writes. */
    public static byte[] object(Body body) {
        ByteArrayOutputStream spare = SPARE.getAndSet(null);
        ByteArrayOutputStream out = spare == null ? new ByteArrayOutputStream(256) : spare;
        try (JsonGenerator generator = FACTORY.createGenerator(out)) {
            Writer writer = new Writer(generator);
            generator.writeStartObject();
            body.write(writer);
            generator.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] bytes = out.toByteArray();
        if (bytes.length <= LARGEST_SPARE) {
            out.reset();
            SPARE.set(out);
        }
        return bytes;
    }

    /** The text of one JSON object whose fields {@code body} writes. */
    public static String objectText(Body body) {
        return new String(object(body), StandardCharsets.UTF_8);
    }

    /** Writes the fields of an object. */
    @FunctionalInterface
    public interface Body {
        void write(Writer writer) throws IOException;
    }

    /** Writes the fields of the object that stands for a value. */
    @FunctionalInterface
    public interface Each<T> {
        void write(Writer writer, T value) throws IOException;
    }

    /** A small writer over Jackson's: names are written beside their values, raw JSON goes in as it is. */
    public static final class Writer {
        private final JsonGenerator generator;

        private Writer(JsonGenerator generator) {
            this.generator = generator;
        }

        public Writer text(String name, String value) throws IOException {
            generator.writeFieldName(name);
            // Jackson writes straight into its buffer, but has no form for half a character.
            if (loneSurrogate(value, 0) < 0) {
                generator.writeString(value);
            } else {
                generator.writeRawValue(quote(value));
            }
            return this;
        }

        /** Writes a text field, unless there is no text. */
        public Writer textUnlessNull(String name, @Nullable String value) throws IOException {
            return value == null ? this : text(name, value);
        }

        public Writer number(String name, long value) throws IOException {
            generator.writeNumberField(name, value);
            return this;
        }

        public Writer flag(String name, boolean value) throws IOException {
            generator.writeBooleanField(name, value);
            return this;
        }

        /** Writes {@code json} as it is, byte for byte. */
        public Writer raw(String name, String json) throws IOException {
            generator.writeFieldName(name);
            generator.writeRawValue(json);
            return this;
        }

        public Writer object(String name, Body body) throws IOException {
            generator.writeFieldName(name);
            return element(body);
        }

        /** Writes an array whose objects {@code elements} writes with {@link #element}. */
        public Writer array(String name, Body elements) throws IOException {
            generator.writeFieldName(name);
            generator.writeStartArray();
            elements.write(this);
            generator.writeEndArray();
            return this;
        }

        /** Writes an array with an object for each of these values. */
        public <T> Writer objects(String name, Iterable<T> values, Each<T> each) throws IOException {
            return array(name, a -> {
                for (T value : values) {
                    a.element(w -> each.write(w, value));
                }
            });
        }

        public Writer texts(String name, Iterable<String> values) throws IOException {
            generator.writeFieldName(name);
            generator.writeStartArray();
            for (String value : values) {
                generator.writeRawValue(quote(value));
            }
            generator.writeEndArray();
            return this;
        }

        /** Writes an array of values that are JSON already, byte for byte. */
        public Writer raws(String name, Iterable<String> values) throws IOException {
            generator.writeFieldName(name);
            generator.writeStartArray();
            for (String json : values) {
                generator.writeRawValue(json);
            }
            generator.writeEndArray();
            return this;
        }

        public Writer element(Body body) throws IOException {
            generator.writeStartObject();
            body.write(this);
            generator.writeEndObject();
            return this;
        }

        /** Writes {@code json} as the next element of an array, byte for byte. */
        public Writer rawElement(String json) throws IOException {
            generator.writeRawValue(json);
            return this;
        }
    }
}
