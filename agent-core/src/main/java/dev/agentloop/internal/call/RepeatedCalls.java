package dev.agentloop.internal.call;

import dev.agentloop.Item;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Counts identical calls with identical outputs in a row. Not thread-safe. */
public final class RepeatedCalls {
    /** From this count on, the model is told. */
    static final int TOLD = 5;

    private static final String NOTE = "\n\n[The same call has given this same output ";

    private Item.@Nullable Call call;
    private Item.@Nullable Output output;
    // The output's text, once it was needed.
    private @Nullable String said;
    private int count;

    /** Counts a call whose output has its place in the prompt. */
    void count(Item.Call newCall, Item.Output newOutput) {
        boolean same = isSame(newCall.name(), newCall.arguments());
        String before = same ? said() : null;
        call = newCall;
        output = newOutput;
        said = null;
        count = same && said().equals(before) ? count + 1 : 1;
    }

    // Reading an output back costs something, and is only needed where the calls are the same.
    private String said() {
        String text = said;
        if (text == null) {
            text = plain(output);
            said = text;
        }
        return text;
    }

    private boolean isSame(String name, String arguments) {
        return call != null && call.name().equals(name) && call.arguments().equals(arguments);
    }

    private static String plain(Item.@Nullable Output item) {
        String text = item == null ? "" : item.text();
        int note = text.lastIndexOf(NOTE);
        return note < 0 ? text : text.substring(0, note);
    }

    /** Forgets the newest call where these items do not have it, or its output, any more. */
    public void forgetUnless(List<Item> items) {
        if (!items.contains(call) || !items.contains(output)) {
            call = null;
            output = null;
            said = null;
            count = 0;
        }
    }

    /** Writes the newest call, and how often it came. */
    void write(Json.Writer out) throws IOException {
        Item.Call newest = call;
        Item.Output given = output;
        if (newest != null && given != null) {
            out.raw("call", newest.json()).raw("output", given.json()).number("count", count);
        }
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields state) {
        JsonFields.Field newest = state.field("call");
        JsonFields.Field given = state.field("output");
        if (newest != null && given != null) {
            call = (Item.Call) Item.of(state.bytes(newest));
            output = (Item.Output) Item.of(state.bytes(given));
            said = null;
            count = (int) state.number("count", 0);
        }
    }

    /** How often in a row the newest call has given the same. */
    public int count() {
        return count;
    }

    /** The output with a note for the model, where it has seen the same for the fifth time in a row and after. */
    public ToolOutput noted(ToolCall next, ToolOutput given) {
        if (given.parts().size() != 1
                || !(given.parts().get(0) instanceof ToolOutput.Text plain)
                || count + 1 < TOLD
                || !isSame(next.name(), next.arguments())
                || !plain.text().equals(said())) {
            return given;
        }
        String note = NOTE + (count + 1) + " times in a row. Repeating it will not change that; try something else.]";
        return new ToolOutput(List.of(new ToolOutput.Text(plain.text() + note)), given.error());
    }
}
