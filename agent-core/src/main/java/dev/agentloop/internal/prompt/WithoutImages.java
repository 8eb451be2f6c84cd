package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Replaces images by a text that says so. */
public final class WithoutImages {
    private static final String NOTE = "[This image was left out: ";
    private static final String IMAGE = "\u0000image\u0000";

    private WithoutImages() {}

    /** What a message says and by whom, the same with its images and without them. */
    public static String words(Item item) {
        return words(JsonFields.of(ItemLine.of(item)), "content");
    }

    /** The same of what an item has under a name: a text, or parts. */
    public static String words(JsonFields fields, String name) {
        StringBuilder words = new StringBuilder(fields.textOrEmpty("role")).append(':');
        JsonFields parts = fields.inner(name);
        if (parts == null) {
            return words.append(fields.textOrEmpty(name)).toString();
        }
        for (JsonFields.Field field : parts.all()) {
            JsonFields part = parts.inner(field);
            String text = part == null ? "" : part.textOrEmpty("text");
            boolean image = part != null && "input_image".equals(part.text("type")) || text.startsWith(NOTE);
            words.append(image ? IMAGE : text);
        }
        return words.toString();
    }

    /** The item with a text in place of each of its images; the same if it has none. */
    public static Item of(Item item, String why) {
        byte[] line = ItemLine.of(item);
        JsonFields fields = JsonFields.of(line);
        String parts = item instanceof Item.Output ? "output" : "content";
        if (!item.json().contains("\"input_image\"") || fields.inner(parts) == null) {
            return item;
        }
        return Item.of(Json.object(w -> {
            for (JsonFields.Field field : fields.all()) {
                if (field.name().equals(parts)) {
                    w.array(parts, a -> writeParts(a, fields.inner(field), why));
                } else {
                    w.raw(field.name(), fields.raw(field));
                }
            }
        }));
    }

    private static void writeParts(Json.Writer out, @Nullable JsonFields parts, String why) throws java.io.IOException {
        for (JsonFields.Field part : Objects.requireNonNull(parts).all()) {
            JsonFields fields = parts.inner(part);
            if (fields != null && "input_image".equals(fields.text("type"))) {
                out.element(p -> p.text("type", "input_text").text("text", NOTE + why + ".]"));
            } else {
                out.rawElement(parts.raw(part));
            }
        }
    }
}
