package dev.agentloop;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Replaces the images that the server has not accepted yet by a text that says so. */
final class WithoutImages {
    private static final String PLACEHOLDER = "[This image was left out: the server could not use it.]";

    private WithoutImages() {}

    /** The items of the prompt, with the images of those that were never part of a successful request replaced. */
    static List<Item> from(Fold fold) {
        List<Item> items = new ArrayList<>(fold.prompt().items());
        Prompt last = fold.lastSent();
        int accepted = last != null && fold.prompt().startsWith(last) ? last.size() : 0;
        for (int i = accepted; i < items.size(); i++) {
            items.set(i, of(items.get(i)));
        }
        return items;
    }

    /** The item with a text in place of each of its images; the same if it has none. */
    static Item of(Item item) {
        byte[] line = ((ItemBytes) item).line();
        JsonFields fields = JsonFields.of(line);
        String parts = item instanceof Item.Output ? "output" : "content";
        if (!item.json().contains("\"input_image\"") || fields.inner(parts) == null) {
            return item;
        }
        return Item.of(Json.object(w -> {
            for (JsonFields.Field field : fields.all()) {
                if (field.name().equals(parts)) {
                    w.array(parts, a -> writeParts(a, fields.inner(field)));
                } else {
                    w.raw(field.name(), fields.raw(field));
                }
            }
        }));
    }

    private static void writeParts(Json.Writer out, @Nullable JsonFields parts) throws java.io.IOException {
        for (JsonFields.Field part : Objects.requireNonNull(parts).all()) {
            JsonFields fields = parts.inner(part);
            if (fields != null && "input_image".equals(fields.text("type"))) {
                out.element(p -> p.text("type", "input_text").text("text", PLACEHOLDER));
            } else {
                out.rawElement(parts.raw(part));
            }
        }
    }
}
