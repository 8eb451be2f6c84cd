package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is known of the newest response: what it says, and whether that is the final answer. Not thread-safe. */
public final class NewestResponse {
    private @Nullable NamedItem last;
    private boolean image;
    private boolean given;
    private boolean underWay;
    private String id = "";
    private @Nullable Instant answeredAt;
    private Usage usage = Usage.NONE;

    /** A response begins. */
    void begin() {
        last = null;
        image = false;
        underWay = true;
    }

    /** Whether the log ends in a response without its end. */
    public boolean underWay() {
        return underWay;
    }

    /** That of the newest one that came whole; empty where there was none. */
    String id() {
        return id;
    }

    /** When that came in; null where the log does not say it. */
    public @Nullable Instant answeredAt() {
        return answeredAt;
    }

    /** What it used; of the newest one that came whole. */
    public Usage usage() {
        return usage;
    }

    /** Something was said after it. */
    void notFinal() {
        given = false;
    }

    /** The response has this item. */
    void said(NamedItem item) {
        last = item.item() instanceof Item.Message ? item : last;
    }

    /** The response has an item of this kind. */
    void has(String type) {
        image |= type.equals("image_generation_call");
    }

    /**
     * The response is over.
     *
     * @param answered what the server said of it; null where it broke
     * @param whole whether it may be the last one
     */
    void end(@Nullable JsonFields answered, boolean whole) {
        underWay = false;
        given = whole && (image || !lastText().isBlank());
        if (answered != null) {
            String named = answered.textOrEmpty("id");
            id = named.isEmpty() ? id : named;
            usage = Entry.usage(answered, "usage");
            answeredAt = instant(answered.number("at", 0));
        }
    }

    private static @Nullable Instant instant(long at) {
        return at == 0 ? null : Instant.ofEpochMilli(at);
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
        out.flag("responding", underWay).text("response_id", id);
        out.number("answered_at", answeredAt == null ? 0 : answeredAt.toEpochMilli());
        Entry.writeUsage(out, "last_usage", usage);
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields state, ItemTable table) {
        last = state.has("last_text") ? oldLast(state.textOrEmpty("last_text"), table) : table.at(state, "last");
        given = state.flag("answered", false);
        underWay = state.flag("responding", false);
        id = state.textOrEmpty("response_id");
        answeredAt = instant(state.number("answered_at", 0));
        usage = Entry.usage(state, "last_usage");
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
