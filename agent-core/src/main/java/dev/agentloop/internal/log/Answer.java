package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the newest response says, and whether that is the final answer. Not thread-safe. */
final class Answer {
    private @Nullable NamedItem last;
    private boolean image;
    private boolean given;

    /** A response begins. */
    void begin() {
        last = null;
        image = false;
    }

    /** Something was said after it. */
    void notFinal() {
        given = false;
    }

    void said(NamedItem message) {
        last = message;
    }

    /** The response has an item of this kind. */
    void has(String type) {
        image |= type.equals("image_generation_call");
    }

    /** The response is over, and whether it may be the last one. */
    void end(boolean whole) {
        given = whole && (image || !lastText().isBlank());
    }

    /** The final answer, where nothing was said after it; null elsewhere. */
    @Nullable
    String text() {
        return given ? lastText() : null;
    }

    private String lastText() {
        return last != null && last.item() instanceof Item.Message message ? message.text() : "";
    }

    void replace(Function<NamedItem, @Nullable NamedItem> with) {
        last = last == null ? null : with.apply(last);
    }

    /** What an older version of this library has redacted, it did not name: it is what is in none of these. */
    void keepOnly(List<NamedItem> items) {
        boolean said = last != null && items.stream().anyMatch(last::isFormOf);
        last = said ? last : null;
        given &= said;
    }

    void write(Json.Writer out, ItemTable table) throws IOException {
        out.number("last", table.place(last)).flag("answered", given);
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields state, ItemTable table) {
        last = state.has("last_text") ? oldLast(state.textOrEmpty("last_text"), table) : table.at(state, "last");
        given = state.flag("answered", false);
    }

    // An older version of this library has restated the text.
    private static @Nullable NamedItem oldLast(String text, ItemTable table) {
        for (NamedItem item : table.window()) {
            if (item.item() instanceof Item.Message message && message.text().equals(text)) {
                return item;
            }
        }
        return text.isEmpty() ? null : new NamedItem(Item.of(ofModel(text)), 0);
    }

    private static byte[] ofModel(String text) {
        return Json.object(w -> w.text("type", "message")
                .text("role", "assistant")
                .array(
                        "content",
                        a -> a.element(p -> p.text("type", "output_text").text("text", text))));
    }
}
