package dev.agentloop.internal.log;

import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemMark;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What is left of a window, the items that it restates and its state, when what has a name is erased: the same window with a mark
 * in its place. In windows that say no names, an item is found by what it says.
 *
 * @param call that of the erased item; 0 for none
 * @param callGoes whether what is said about the call goes, too
 * @param items what is erased, as far as that is known
 */
record WindowErasure(long name, long call, boolean callGoes, List<Item> items) {

    /** Null where the window says nothing of it. */
    byte @Nullable [] mark(byte[] payload) {
        JsonFields fields = JsonFields.of(payload);
        boolean[] changed = new boolean[1];
        boolean named = fields.has(ItemTable.VERSIONS);
        byte[] left = Json.object(w -> {
            for (JsonFields.Field field : fields.all()) {
                JsonFields inner = fields.inner(field);
                if (inner != null && field.name().equals("window")) {
                    w.raws("window", items(inner, fields, named, changed));
                } else if (inner != null && field.name().equals(Entry.STATE)) {
                    w.object(Entry.STATE, s -> state(s, inner, named, changed));
                } else {
                    w.raw(field.name(), fields.raw(field));
                }
            }
        });
        return changed[0] ? left : null;
    }

    private List<String> items(JsonFields array, JsonFields of, boolean named, boolean[] changed) {
        List<Long> names = named ? ItemTable.numbers(of, ItemTable.VERSIONS) : List.of();
        List<JsonFields.Field> all = array.all();
        return IntStream.range(0, all.size())
                .mapToObj(i -> {
                    boolean gone = named ? names.get(i) == name : says(array, all.get(i));
                    return gone ? mark(array, all.get(i), changed) : array.raw(all.get(i));
                })
                .toList();
    }

    // Also where a window has it in another form.
    private boolean says(JsonFields in, JsonFields.Field field) {
        if (field.token() != JsonToken.START_OBJECT) {
            return false;
        }
        NamedItem there = new NamedItem(Item.of(in.bytes(field)), 0);
        return items.stream().anyMatch(item -> there.isFormOf(new NamedItem(item, 0)));
    }

    private static String mark(JsonFields in, JsonFields.Field field, boolean[] changed) {
        if (field.token() == JsonToken.VALUE_NULL) {
            return "null";
        }
        Item mark = ItemMark.of(Item.of(in.bytes(field)));
        String text = mark == null ? "null" : mark.json();
        changed[0] |= !text.equals(in.raw(field));
        return text;
    }

    private void state(Json.Writer out, JsonFields state, boolean named, boolean[] changed) throws IOException {
        for (JsonFields.Field field : state.all()) {
            JsonFields inner = state.inner(field);
            String of = field.name();
            if (inner != null && of.equals("items")) {
                out.raws(of, items(inner, state, true, changed));
            } else if (inner != null && of.equals("deferred") && !named) {
                out.raws(of, items(inner, state, false, changed));
            } else if (inner != null && of.equals("open")) {
                out.raws(
                        of,
                        inner.all().stream()
                                .map(each -> open(inner, each, named, changed))
                                .toList());
            } else if (inner != null && of.equals("rules") && callGoes) {
                out.raws(of, withoutRules(inner, changed));
            } else if (inner != null && Set.of("replayable", "sent").contains(of) && !named) {
                out.raws(
                        of,
                        inner.all().stream()
                                .map(each -> sent(inner, each, changed))
                                .toList());
            } else if (inner != null && of.equals("repeats") && !named) {
                out.object(of, w -> oldItems(w, inner, changed));
            } else if (of.equals("last_text") && quotes(state.textOrEmpty(of))) {
                changed[0] = true;
                out.text(of, ItemMark.TEXT);
            } else {
                out.raw(of, state.raw(field));
            }
        }
    }

    private String open(JsonFields array, JsonFields.Field element, boolean named, boolean[] changed) {
        JsonFields open = array.inner(element);
        if (open == null) {
            return array.raw(element);
        }
        boolean about = call != 0 && open.number("version", 0) == call;
        Set<String> gone =
                !about ? Set.of() : callGoes ? Set.of("question", "place", "rule", "reason") : Set.of("reason");
        return Json.objectText(w -> {
            for (JsonFields.Field field : open.all()) {
                String text = gone.contains(field.name()) ? open.text(field) : null;
                if (text != null && !text.isEmpty() && !text.equals(ItemMark.TEXT)) {
                    changed[0] = true;
                    w.text(field.name(), field.name().equals("question") ? ItemMark.TEXT : "");
                } else if (!named && says(open, field)) {
                    w.raw(field.name(), mark(open, field, changed));
                } else {
                    w.raw(field.name(), open.raw(field));
                }
            }
        });
    }

    private List<String> withoutRules(JsonFields rules, boolean[] changed) {
        List<String> kept = rules.all().stream()
                .filter(each -> {
                    JsonFields rule = rules.inner(each);
                    return rule == null || rule.number("call", 0) != call;
                })
                .map(rules::raw)
                .toList();
        changed[0] |= kept.size() < rules.all().size();
        return kept;
    }

    private String sent(JsonFields array, JsonFields.Field element, boolean[] changed) {
        JsonFields sent = array.inner(element);
        if (sent == null) {
            return array.raw(element);
        }
        boolean gone = items.stream()
                .anyMatch(item -> item instanceof Item.Call erased
                        && erased.name().equals(sent.text("name"))
                        && erased.arguments().equals(sent.text("arguments")));
        changed[0] |= gone;
        return !gone ? array.raw(element) : new String(sent.with("arguments", "\"{}\""), StandardCharsets.UTF_8);
    }

    private void oldItems(Json.Writer out, JsonFields fields, boolean[] changed) throws IOException {
        for (JsonFields.Field field : fields.all()) {
            out.raw(field.name(), says(fields, field) ? mark(fields, field, changed) : fields.raw(field));
        }
    }

    private boolean quotes(String text) {
        return !text.isEmpty()
                && !text.equals(ItemMark.TEXT)
                && (items.isEmpty()
                        || items.stream()
                                .anyMatch(item -> item instanceof Item.Message message
                                        && message.text().equals(text)));
    }
}
