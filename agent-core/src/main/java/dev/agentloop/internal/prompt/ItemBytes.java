package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import dev.agentloop.internal.CacheBreakpoint;
import dev.agentloop.internal.JsonFields;
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

    /** The bytes of an item, which nobody may write to. */
    public static byte[] line(Item item) {
        return ((ItemBytes) item).line;
    }

    /** How many cache breakpoints an item has; only messages have any. */
    public static int breakpoints(Item item) {
        return item instanceof Item.Message ? CacheBreakpoint.count(line(item)) : 0;
    }

    /** The item without cache breakpoints; the same if there are none. */
    public static Item withoutBreakpoints(Item item) {
        byte[] plain = item instanceof Item.Message ? CacheBreakpoint.without(line(item)) : line(item);
        return plain == line(item) ? item : Item.of(plain);
    }

    /** The value of {@code type}; a message may come without one. */
    public static String typeOf(JsonFields fields) {
        String type = fields.text("type");
        return type != null ? type : fields.has("role") ? "message" : "";
    }

    public final byte[] line() {
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
