package dev.agentloop.internal;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What all items share: their one byte form, and equality by it. */
public abstract class ItemBytes {
    /** The kinds whose server-made id must not be sent back by a client that stores nothing on the server. */
    public static final Set<String> WITHOUT_ID = Set.of(
            "message",
            "reasoning",
            "function_call",
            "function_call_output",
            "custom_tool_call",
            "custom_tool_call_output");

    private final byte[] line;
    private final String type;

    public ItemBytes(byte[] line, String type) {
        this.line = line;
        this.type = type;
    }

    /** The bytes of such an item, which nobody may write to. */
    public static byte[] lineOf(ItemBytes item) {
        return item.line;
    }

    /** Refuses what is no JSON object by its first byte, so that no array and no byte order mark gets into a prompt. */
    public static void checkObject(byte[] line) {
        int first = 0;
        while (first < line.length && (line[first] == ' ' || line[first] == '\t')) {
            first++;
        }
        if (first == line.length || line[first] != '{') {
            String found = first == line.length ? "nothing" : "0x" + Integer.toHexString(line[first] & 0xff);
            throw new IllegalArgumentException("an item is one JSON object and begins with '{', but here is " + found
                    + " at byte " + first + " of " + line.length);
        }
    }

    /** The value of {@code type}; a message may come without one. */
    public static String typeOf(JsonFields fields) {
        String type = fields.text("type");
        return type != null ? type : fields.has("role") ? "message" : "";
    }

    protected final byte[] line() {
        return line;
    }

    /** The item's kind on the wire. */
    public final String type() {
        return type;
    }

    /** The item's bytes, read-only. */
    public final ByteBuffer bytes() {
        return ByteBuffer.wrap(line).asReadOnlyBuffer();
    }

    @Override
    public final boolean equals(@Nullable Object other) {
        return other instanceof ItemBytes item && Arrays.equals(line, item.line);
    }

    @Override
    public final int hashCode() {
        return Arrays.hashCode(line);
    }

    @Override
    public final String toString() {
        return new String(line, StandardCharsets.UTF_8);
    }
}
