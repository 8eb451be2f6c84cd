package dev.agentloop.internal.tool;

import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.ItemLine;

/*
 * Servers number calls as they like: from zero in each response, with an empty id, with none. The id is only what joins a
 * call to its output on the wire, so a call that comes with one that cannot do that gets another one here, before the item
 * has its bytes for good. What the arguments are is mended in the same place where the API's own schema forbids the form.
 */
/** Makes the item that the log keeps of a call that a model sent. Belongs to the loop's thread. */
public record CallBirth(Log log) {
    /** The most characters that an id may have on the wire. */
    public static final int LONGEST_ID = 64;

    /** Puts the call into the log, and before it the server's id where the call does not keep it; gives the item. */
    public Item.Call add(Item.Call sent) {
        Item.Call call = whole(sent);
        String id = call.callId();
        if (keeps(id)) {
            return put(call);
        }
        String made = made(id, log.nextVersion() + 1);
        log.add(Entry.callRenamed(id, made));
        return put((Item.Call) with(call, "call_id", made));
    }

    private Item.Call put(Item.Call call) {
        log.add(Entry.item(Entry.ITEM_MODEL, call));
        return call;
    }

    private boolean keeps(String id) {
        boolean legal = !id.isEmpty() && id.length() <= LONGEST_ID;
        for (int i = 0; legal && i < id.length(); i++) {
            legal = id.charAt(i) > ' ' && id.charAt(i) < 0x7f;
        }
        return legal && !taken(id);
    }

    private boolean taken(String id) {
        return log.fold().calls().taken(id);
    }

    private String made(String id, long version) {
        String plain = id.chars()
                .filter(c -> c > ' ' && c < 0x7f)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        String end = "~" + version;
        while (true) {
            String made = plain.substring(0, Math.min(plain.length(), LONGEST_ID - end.length())) + end;
            if (!taken(made)) {
                return made;
            }
            // A server that has seen such ids may send one back as its own.
            end = "~" + end;
        }
    }

    /** The call with its arguments in a form that the API takes: a text, and of a function never an empty one. */
    public static Item.Call whole(Item.Call sent) {
        if (!sent.arguments().isBlank()) {
            return sent; // A text that says something, as nearly always: nothing needs to be read again.
        }
        String content = sent.custom() ? "input" : "arguments";
        JsonFields fields = JsonFields.of(ItemLine.of(sent));
        Field arguments = fields.field(content);
        String nothing = sent.custom() ? "" : "{}";
        if (arguments == null || arguments.token() == JsonToken.VALUE_NULL) {
            return (Item.Call) with(sent, content, nothing);
        }
        if (arguments.token() != JsonToken.VALUE_STRING) {
            return (Item.Call) with(sent, content, fields.raw(arguments));
        }
        boolean empty = !sent.custom() && sent.arguments().isBlank();
        return empty ? (Item.Call) with(sent, content, nothing) : sent;
    }

    /** The item with another text in a field of its top level. */
    public static Item with(Item item, String name, String text) {
        return Item.of(JsonFields.of(ItemLine.of(item)).with(name, Json.quote(text)));
    }
}
