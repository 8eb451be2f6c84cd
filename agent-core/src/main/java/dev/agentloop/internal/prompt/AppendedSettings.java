package dev.agentloop.internal.prompt;

import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What items in the middle of a prompt add to its fixed fields: tools and another effort. Not thread-safe.
 *
 * <p>The items are those of the Responses API, {@code additional_tools} and {@code configuration_update}.
 */
public final class AppendedSettings {
    public static final String TOOLS = "additional_tools";
    public static final String UPDATE = "configuration_update";
    public static final Set<String> TYPES = Set.of(TOOLS, UPDATE);

    private final SortedMap<String, String> tools = new TreeMap<>();
    private @Nullable String effort;

    /** Takes in an item that was added to the prompt. */
    public void note(Item item) {
        if (item.type().equals(TOOLS)) {
            tools.putAll(Head.declarations(fields(item).inner("tools")));
        } else if (item.type().equals(UPDATE)) {
            JsonFields reasoning = fields(item).inner("reasoning");
            String updated = reasoning == null ? null : reasoning.text("effort");
            effort = updated == null ? effort : updated;
        }
    }

    private static JsonFields fields(Item item) {
        return JsonFields.of(ItemLine.of(item));
    }

    /** The tools that were added, by name, with their declarations. */
    public SortedMap<String, String> tools() {
        return tools;
    }

    /** The effort that holds now, or null where none was appended. */
    public @Nullable String effort() {
        return effort;
    }

    /** Items that say all of it, one for the tools and one for the effort. */
    public List<Item> items() {
        List<Item> items = new ArrayList<>();
        if (!tools.isEmpty()) {
            items.add(tools(tools.values()));
        }
        if (effort != null) {
            items.add(effort(effort));
        }
        return items;
    }

    /** The item that adds tools from its place on. */
    public static Item tools(Collection<String> declarations) {
        return Item.of(
                Json.object(w -> w.text("type", TOOLS).text("role", "developer").raws("tools", declarations)));
    }

    /** The item that changes the effort from its place on. */
    public static Item effort(String value) {
        return Item.of(Json.object(w -> w.text("type", UPDATE).object("reasoning", r -> r.text("effort", value))));
    }
}
