package dev.agentloop.stores;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.internal.Json;
import dev.agentloop.spi.LogEntry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * One line of a conversation's file: an entry, when it was written, and its place in the append that it came with.
 *
 * <pre>
 * {"format":1,"crc":"0f3a6b21","len":17,"v":12,"kind":"item","turn":9,"base":3,"at":"2026-01-31T08:30:00Z",
 *  "batch":[1,2],"salt":"…","digest":"…","hash":"…","payload":{"type":"message"}}
 * </pre>
 *
 * <p>(In the file, that is one line.) {@code crc} is the CRC-32C of the bytes from the quotation mark behind it to the
 * closing brace; {@code len} is the length of the payload in bytes. Where an entry was erased, {@code salt} is
 * null, and its mark is the payload; older versions of this library wrote -1 and no mark. {@code batch} says which entry
 * of how many in one append this is: an append whose lines are not all there did not happen. {@code at} is the time of
 * writing, which nothing depends on. The payload comes last, in its own bytes. The other fields are those of
 * {@link LogEntry}, in hexadecimal digits where they are bytes.
 *
 * @param written the time of writing, as text, which nothing depends on
 * @param index counts the entries of one append from 1
 * @param count how many entries the append had
 */
record FileLine(LogEntry entry, String written, int index, int count) {
    private static final String FORMAT_FIELD = "{\"format\":";
    private static final String HEAD = FORMAT_FIELD + "1,\"crc\":\"";
    private static final int CRC_DIGITS = 8;
    private static final int CRC_END = HEAD.length() + CRC_DIGITS;
    private static final byte[] PAYLOAD_FIELD = ",\"payload\":".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NULL = {'n', 'u', 'l', 'l'};
    private static final int ERASED = -1;
    private static final int HEADER_ESTIMATE = 512;

    /** A line that is not as it was written; the message says what was expected and what was found. */
    static final class Damaged extends Exception {
        private static final long serialVersionUID = 1L;

        private final int format;

        Damaged(String message) {
            this(message, 0);
        }

        Damaged(String message, int format) {
            super(message, null, false, false);
            this.format = format;
        }

        /** The number of the format, where a newer version of this library wrote the line; 0 elsewhere. */
        int format() {
            return format;
        }
    }

    /** Writes this line and its line feed. */
    void write(ByteArrayOutputStream out) {
        byte @Nullable [] payload = entry.payload();
        byte[] value = payload == null ? NULL : payload;
        byte[] header = header(payload == null ? ERASED : payload.length).getBytes(StandardCharsets.UTF_8);
        CRC32C crc = new CRC32C();
        crc.update(header);
        crc.update(value);
        crc.update('}');
        out.writeBytes(HEAD.getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(checksum(crc).getBytes(StandardCharsets.US_ASCII));
        out.writeBytes(header);
        out.writeBytes(value);
        out.write('}');
        out.write('\n');
    }

    private static String checksum(CRC32C crc) {
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }

    // From the end of the checksum to the beginning of the payload: with the payload, what the checksum covers.
    private String header(int length) {
        HexFormat hex = HexFormat.of();
        byte[] salt = entry.salt();
        return "\",\"len\":" + length
                + ",\"v\":" + entry.version()
                + ",\"kind\":" + Json.quote(entry.kind())
                + ",\"turn\":" + entry.turn()
                + ",\"base\":" + entry.base()
                + ",\"at\":" + Json.quote(written)
                + ",\"batch\":[" + index + "," + count + "]"
                + ",\"salt\":" + (salt == null ? "null" : "\"" + hex.formatHex(salt) + "\"")
                + ",\"digest\":\"" + hex.formatHex(entry.digest()) + "\""
                + ",\"hash\":" + Json.quote(entry.hash())
                + new String(PAYLOAD_FIELD, StandardCharsets.US_ASCII);
    }

    /** Reads the line that lies in {@code bytes} from {@code from} to {@code to}, its line feed left out. */
    static FileLine read(byte[] bytes, int from, int to) throws Damaged {
        checkFormat(bytes, from, to);
        String expected = new String(bytes, from + HEAD.length(), CRC_DIGITS, StandardCharsets.US_ASCII);
        CRC32C crc = new CRC32C();
        crc.update(bytes, from + CRC_END, to - from - CRC_END);
        if (!expected.equals(checksum(crc))) {
            throw new Damaged("expected the checksum " + expected + " but found " + checksum(crc) + " over "
                    + (to - from - CRC_END) + " bytes");
        }
        try {
            return parse(bytes, from, to);
        } catch (IOException | RuntimeException e) {
            throw new Damaged("expected the fields of an entry but found: " + e.getMessage());
        }
    }

    private static void checkFormat(byte[] bytes, int from, int to) throws Damaged {
        if (to - from > CRC_END && startsWith(bytes, from, HEAD)) {
            return;
        }
        if (to - from > CRC_END && startsWith(bytes, from, FORMAT_FIELD)) {
            String line = new String(bytes, from, CRC_END, StandardCharsets.ISO_8859_1);
            String format = line.substring(FORMAT_FIELD.length()).replaceFirst("[^0-9].*", "");
            if (!format.isEmpty() && format.length() < 10 && !format.equals("1")) {
                throw new Damaged("expected format 1 but found format " + format, Integer.parseInt(format));
            }
        }
        throw new Damaged("expected a line that begins with " + HEAD + " but found " + (to - from) + " other bytes");
    }

    private static boolean startsWith(byte[] bytes, int from, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (bytes[from + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static FileLine parse(byte[] bytes, int from, int to) throws IOException {
        Map<String, String> fields = new HashMap<>();
        int[] batch = new int[2];
        int header;
        try (JsonParser parser = Json.FACTORY.createParser(bytes, from, to - from)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.FIELD_NAME
                    && !parser.currentName().equals("payload")) {
                String name = parser.currentName();
                JsonToken token = parser.nextToken();
                if (token == JsonToken.START_ARRAY) {
                    batch[0] = parser.nextIntValue(0);
                    batch[1] = parser.nextIntValue(0);
                    parser.nextToken();
                } else if (token != JsonToken.VALUE_NULL) {
                    fields.put(name, parser.getText());
                }
            }
            // The place behind the field's name and colon.
            header = (int) parser.currentTokenLocation().getByteOffset() + PAYLOAD_FIELD.length - 1;
        }
        return of(fields, batch, Arrays.copyOfRange(bytes, from + header, to - 1));
    }

    private static FileLine of(Map<String, String> fields, int[] batch, byte[] value) {
        int length = Integer.parseInt(field(fields, "len"));
        if (length == ERASED ? !Arrays.equals(value, NULL) : length != value.length) {
            throw new IllegalArgumentException("a payload of " + value.length + " bytes where len says " + length);
        }
        HexFormat hex = HexFormat.of();
        String salt = fields.get("salt");
        LogEntry entry = new LogEntry(
                Long.parseLong(field(fields, "v")),
                field(fields, "kind"),
                Long.parseLong(field(fields, "turn")),
                Long.parseLong(field(fields, "base")),
                salt == null ? null : hex.parseHex(salt),
                hex.parseHex(field(fields, "digest")),
                field(fields, "hash"),
                length == ERASED ? null : value);
        return new FileLine(entry, field(fields, "at"), batch[0], batch[1]);
    }

    private static String field(Map<String, String> fields, String name) {
        String value = fields.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no field " + name);
        }
        return value;
    }

    /** Whether this is the first line of its append. */
    boolean first() {
        return index == 1;
    }

    /** Whether this is the last line of its append. */
    boolean last() {
        return index == count;
    }

    /** The lines of one append, as bytes. */
    static byte[] bytes(List<LogEntry> entries) {
        String now = Instant.now().toString();
        int size = 0;
        for (LogEntry entry : entries) {
            byte[] payload = entry.payload();
            size += HEADER_ESTIMATE + (payload == null ? 0 : payload.length);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream(size);
        for (int i = 0; i < entries.size(); i++) {
            new FileLine(entries.get(i), now, i + 1, entries.size()).write(out);
        }
        return out.toByteArray();
    }
}
