package dev.agentloop.internal.call;

import dev.agentloop.Item;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Counts identical calls with identical outputs in a row. Not thread-safe. */
public final class RepeatedCalls {
    /** From this count on, the model is told. */
    static final int TOLD = 5;

    private static final String NOTE = "\n\n[The same call has given this same output ";

    private @Nullable NamedItem call;
    private @Nullable NamedItem output;
    // The output's text, once it was needed.
    private @Nullable String said;
    private int count;

    /** Counts a call whose output has its place in the prompt. */
    void count(NamedItem newCall, NamedItem newOutput) {
        Item.Call next = (Item.Call) newCall.item();
        boolean same = isSame(next.name(), next.arguments());
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
        return call != null
                && call.item() instanceof Item.Call known
                && known.name().equals(name)
                && known.arguments().equals(arguments);
    }

    private static String plain(@Nullable NamedItem named) {
        String text = named != null && named.item() instanceof Item.Output item ? item.text() : "";
        int note = text.lastIndexOf(NOTE);
        return note < 0 ? text : text.substring(0, note);
    }

    /** Begins to count again: something was erased, and what the marks in its place repeat says nothing. */
    void forget() {
        call = null;
        output = null;
        said = null;
        count = 0;
    }

    /** Writes the newest call, and how often it came. */
    void write(Json.Writer out, ItemTable items) throws IOException {
        if (call != null && output != null) {
            out.number("call", items.place(call))
                    .number("output", items.place(output))
                    .number("count", count);
        }
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields state, ItemTable items) {
        call = items.at(state, "call");
        output = items.at(state, "output");
        said = null;
        count = call == null || output == null ? 0 : (int) state.number("count", 0);
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
