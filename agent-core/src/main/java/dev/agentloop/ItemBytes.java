package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What all items share: their one byte form, and equality by it. */
abstract class ItemBytes {
    /** The kinds whose server-made id must not be sent back by a client that stores nothing on the server. */
    static final Set<String> WITHOUT_ID = Set.of(
            "message",
            "reasoning",
            "function_call",
            "function_call_output",
            "custom_tool_call",
            "custom_tool_call_output");

    private final byte[] line;
    private final String type;

    ItemBytes(byte[] line, String type) {
        this.line = line;
        this.type = type;
    }

    /** The item of the right kind over these bytes. */
    static Item typed(byte[] line) {
        JsonFields fields = JsonFields.of(line);
        String type = typeOf(fields);
        return switch (type) {
            case "message" -> new Item.Message(line, fields);
            case "reasoning" -> new Item.Reasoning(line, fields);
            case "function_call", "custom_tool_call" -> new Item.Call(line, fields, type);
            case "function_call_output", "custom_tool_call_output" -> new Item.Output(line, fields, type);
            case "compaction", "compaction_summary" -> new Item.Compaction(line, type);
            default -> new Item.Opaque(line, type);
        };
    }

    /** The value of {@code type}; a message may come without one. */
    static String typeOf(JsonFields fields) {
        String type = fields.text("type");
        return type != null ? type : fields.has("role") ? "message" : "";
    }

    static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }

    /** The texts of the parts in the array {@code name}, joined; a plain string counts as one part. */
    static String partsText(JsonFields fields, String name) {
        String plain = fields.text(name);
        return plain != null ? plain : join(fields.inner(name), "text");
    }

    static String partsField(JsonFields fields, String part) {
        return join(fields.inner("content"), part);
    }

    private static String join(@Nullable JsonFields parts, String name) {
        if (parts == null) {
            return "";
        }
        StringBuilder joined = new StringBuilder();
        for (Field part : parts.all()) {
            JsonFields fields = parts.inner(part);
            joined.append(fields == null ? "" : orEmpty(fields.text(name)));
        }
        return joined.toString();
    }

    final byte[] line() {
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
