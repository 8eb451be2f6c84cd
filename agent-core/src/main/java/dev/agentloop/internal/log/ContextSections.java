package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.AppendedSettings;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The newest item of each section of the context, without a cache breakpoint, and what items add to the fixed fields. Not thread-safe. */
final class ContextSections {
    private final Map<String, NamedItem> newest = new LinkedHashMap<>();
    private AppendedSettings appended = new AppendedSettings();

    /** An item came into the prompt. */
    void note(String kind, NamedItem item) {
        appended.note(item.item());
        if (kind.startsWith(Entry.ITEM_CONTEXT)) {
            put(kind.substring(Entry.ITEM_CONTEXT.length()), item);
        }
    }

    AppendedSettings appended() {
        return appended;
    }

    /** All that is in force: where several of what was appended may hold together, they are said in one item. */
    List<Item> withAppended() {
        List<Item> items = new ArrayList<>(items());
        items.removeIf(item -> AppendedSettings.TYPES.contains(item.type()));
        items.addAll(appended.items());
        return items;
    }

    private void put(String section, NamedItem item) {
        newest.put(section, item.withoutBreakpoints());
    }

    @Nullable
    Item get(String section) {
        NamedItem item = newest.get(section);
        return item == null ? null : item.item();
    }

    List<Item> items() {
        return newest.values().stream().map(NamedItem::item).toList();
    }

    /** Whether these items are nothing else. */
    boolean are(List<Item> items) {
        return items.size() <= newest.size()
                && items.stream().map(ItemLine::withoutBreakpoints).allMatch(Set.copyOf(items())::contains);
    }

    /** The prompt begins again, with these items. */
    void restated(List<NamedItem> items, List<NamedItem> waiting) {
        appended = new AppendedSettings();
        List<NamedItem> plain = new ArrayList<>(items.size());
        Stream.concat(items.stream(), waiting.stream()).forEach(item -> {
            appended.note(item.item());
            plain.add(item.withoutBreakpoints());
        });
        replace(item -> item.in(plain));
    }

    void replace(Function<NamedItem, @Nullable NamedItem> with) {
        newest.values().removeIf(item -> with.apply(item) == null);
        newest.replaceAll((name, item) -> Objects.requireNonNullElse(with.apply(item), item));
    }

    void write(Json.Writer out, List<NamedItem> items, ItemTable table) throws IOException {
        List<NamedItem> plain =
                items.stream().map(NamedItem::withoutBreakpoints).toList();
        out.objects("sections", newest.entrySet(), (w, section) -> {
            int at = plain.indexOf(section.getValue());
            w.text("name", section.getKey()).number("item", at < 0 ? -1 : table.place(items.get(at)));
        });
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields state, ItemTable table, List<NamedItem> waiting) {
        waiting.forEach(item -> appended.note(item.item()));
        for (JsonFields section : state.inners("sections")) {
            NamedItem item = table.at(section, "item");
            if (item != null) {
                put(section.textOrEmpty("name"), item);
            }
        }
    }
}
