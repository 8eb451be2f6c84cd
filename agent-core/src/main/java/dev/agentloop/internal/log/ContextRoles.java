package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which items of the prompt are or were a section of the context. They are known by their names first: marks of erased items are
 * alike. What has no name, or was given another, is known by its words. Not thread-safe.
 */
final class ContextRoles {
    // Without cache breakpoints, which move.
    private final Map<NamedItem, String> sections = new HashMap<>();

    void put(String section, NamedItem item) {
        sections.put(item.withoutBreakpoints(), section);
    }

    /** All that these know, and what the others know besides. */
    ContextRoles and(ContextRoles older) {
        ContextRoles both = new ContextRoles();
        both.sections.putAll(older.sections);
        both.sections.putAll(sections);
        return both;
    }

    /** The section that an item is or was; null for other items. */
    @Nullable
    String of(NamedItem item) {
        NamedItem plain = item.withoutBreakpoints();
        String exactly = sections.get(plain);
        return exactly != null
                ? exactly
                : newest(sections.entrySet().stream()
                        .filter(known -> known.getKey().standsFor(plain))
                        .toList());
    }

    /** The section that an item of these words is or was, the newest of several; null for other items. */
    @Nullable
    String of(Item item) {
        Item plain = ItemLine.withoutBreakpoints(item);
        return newest(sections.entrySet().stream()
                .filter(known -> known.getKey().item().equals(plain))
                .toList());
    }

    private static @Nullable String newest(List<Map.Entry<NamedItem, String>> known) {
        return known.stream()
                .max(Comparator.comparingLong((Map.Entry<NamedItem, String> each) ->
                                each.getKey().version())
                        .thenComparing(Map.Entry::getValue))
                .map(Map.Entry::getValue)
                .orElse(null);
    }

    /** Only these items are there any more. */
    void keepOnly(List<NamedItem> items) {
        if (sections.isEmpty()) {
            return;
        }
        Map<NamedItem, String> kept = new HashMap<>();
        for (NamedItem item : items) {
            String named = of(item);
            String section = named != null ? named : of(item.item());
            // Words say nothing of a mark: they are those of other marks.
            if (section != null && (named != null || !item.isMark())) {
                kept.put(item.withoutBreakpoints(), section);
            }
        }
        sections.clear();
        sections.putAll(kept);
    }

    /** Writes which of the items are sections. */
    void write(Json.Writer out, List<NamedItem> items, ItemTable table) throws IOException {
        out.array("context", a -> {
            for (NamedItem item : items) {
                String section = of(item);
                if (section != null) {
                    a.element(w -> w.text("name", section).number("item", table.place(item)));
                }
            }
        });
    }

    /** Takes in what {@link #write} wrote. */
    void read(JsonFields roles, ItemTable items) {
        for (JsonFields section : roles.inners("context")) {
            NamedItem item = items.at(section, "item");
            if (item != null) {
                put(section.textOrEmpty("name"), item);
            }
        }
    }
}
