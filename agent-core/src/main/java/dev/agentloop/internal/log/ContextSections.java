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
import java.util.stream.Collectors;
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
        newest.put(section, new NamedItem(ItemLine.withoutBreakpoints(item.item()), item.version()));
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
    void restated(List<Item> items) {
        appended = new AppendedSettings();
        items.forEach(appended::note);
        Set<Item> plain = items.stream().map(ItemLine::withoutBreakpoints).collect(Collectors.toSet());
        newest.values().removeIf(item -> !plain.contains(item.item()));
    }

    void replace(Function<NamedItem, @Nullable NamedItem> with) {
        newest.values().removeIf(item -> with.apply(item) == null);
        newest.replaceAll((name, item) -> Objects.requireNonNullElse(with.apply(item), item));
    }

    void write(Json.Writer out, List<NamedItem> items) throws IOException {
        List<Item> plain = items.stream()
                .map(item -> ItemLine.withoutBreakpoints(item.item()))
                .toList();
        out.objects("sections", newest.entrySet(), (w, section) -> {
            w.text("name", section.getKey())
                    .number("item", plain.indexOf(section.getValue().item()));
        });
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields state, ItemTable table) {
        for (JsonFields section : state.inners("sections")) {
            NamedItem item = table.at(section, "item");
            if (item != null) {
                put(section.textOrEmpty("name"), item);
            }
        }
    }
}
