package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import org.jspecify.annotations.Nullable;

/*
 * A fold of marks must come to what a fold of the items came to: who speaks, which call is answered, whether a message has a
 * text. So that much stays, and the mark of a mark is that mark.
 */
/** What stands in the place of an item that was erased. */
public final class ItemMark {
    /** What stands in the place of words. */
    public static final String TEXT = "[redacted]";

    private static final String ERASED = "erased";

    private ItemMark() {}

    /**
     * The item that stands for an erased one, so that roles stay and calls and outputs stay in pairs; null for what nothing can
     * stand for (reasoning, compaction, what a provider's own tool has done by itself), and what is left out of the prompt.
     */
    public static @Nullable Item of(Item item) {
        if (item instanceof Item.Message message) {
            return message(message);
        }
        if (item instanceof Item.Call call) {
            return call(call);
        }
        return item instanceof Item.Output output ? output(output.type(), output.callId()) : HostedMark.of(item);
    }

    private static Item message(Item.Message message) {
        boolean ofModel = message.role().equals("assistant");
        boolean refusal = !message.refusal().isEmpty();
        String text = ofModel && message.text().isBlank() ? "" : TEXT;
        return Item.of(Json.object(w -> w.text("type", "message")
                .text("role", message.role())
                .array("content", a -> {
                    if (!text.isEmpty() || !refusal) {
                        a.element(p -> p.text("type", ofModel ? "output_text" : "input_text")
                                .text("text", text));
                    }
                    if (refusal) {
                        a.element(p -> p.text("type", "refusal").text("refusal", TEXT));
                    }
                })));
    }

    private static Item call(Item.Call call) {
        return Item.of(Json.object(w -> {
            w.text("type", call.type()).text("call_id", call.callId()).text("name", call.name());
            w.text(call.custom() ? "input" : "arguments", call.custom() ? TEXT : "{}");
            if (call.incomplete()) {
                w.text("status", "incomplete");
            }
        }));
    }

    /** The output of an erased one's kind for a call. */
    public static Item output(String type, String callId) {
        return Item.of(
                Json.object(w -> w.text("type", type).text("call_id", callId).text("output", TEXT)));
    }

    /** The bytes that stand in a log for an erased item: those of {@link #of}, or the name of its kind. */
    public static byte[] line(Item item) {
        Item mark = of(item);
        return mark != null ? ItemLine.of(mark) : Json.object(w -> w.text(ERASED, item.type()));
    }

    /** The item that such bytes are; null for one that is left out of the prompt. */
    public static @Nullable Item read(byte[] line) {
        return kindOf(line).isEmpty() ? Item.of(line) : null;
    }

    /** The kind of the item that is left out; empty where the bytes are those of an item. */
    public static String kindOf(byte[] line) {
        JsonFields fields = JsonFields.of(line);
        return fields.has("type") ? "" : fields.textOrEmpty(ERASED);
    }
}
