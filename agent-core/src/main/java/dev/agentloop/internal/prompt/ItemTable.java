package dev.agentloop.internal.prompt;

import com.fasterxml.jackson.core.JsonToken;
import dev.agentloop.Item;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The items that the state of a window names by their places, so that it says none of their words: first those of the window,
 * after them those that the window lacks. An erased item that nothing stands for keeps its place, empty. Not thread-safe.
 */
public final class ItemTable {
    private static final String ITEMS = "items";

    /** The field that has the names of items, beside them. */
    public static final String VERSIONS = "versions";

    private final List<@Nullable NamedItem> places;
    private final int window;
    private final Map<NamedItem, Integer> known = new HashMap<>();

    private ItemTable(List<@Nullable NamedItem> places) {
        this.places = places;
        this.window = places.size();
    }

    /** The table of a window that is written. */
    public static ItemTable of(List<NamedItem> window) {
        ItemTable table = new ItemTable(new ArrayList<>(window));
        for (int i = 0; i < window.size(); i++) {
            table.known.put(window.get(i), i);
        }
        return table;
    }

    /**
     * The table of a window that is read.
     *
     * @param window what stands at each of its places, null where something erased stood
     * @param state has the rest; null where there is none
     */
    public static ItemTable read(List<@Nullable NamedItem> window, @Nullable JsonFields state) {
        ItemTable table = new ItemTable(new ArrayList<>(window));
        JsonFields more = state == null ? null : state.inner(ITEMS);
        if (state != null && more != null) {
            List<@Nullable Item> items = items(more);
            List<Long> versions = numbers(state, VERSIONS);
            for (int i = 0; i < items.size(); i++) {
                Item item = items.get(i);
                table.places.add(item == null ? null : new NamedItem(item, versions.get(i)));
            }
        }
        return table;
    }

    /** The items of an array, with null in the places of those that were erased without a mark. */
    public static List<@Nullable Item> items(JsonFields array) {
        List<@Nullable Item> items = new ArrayList<>();
        for (JsonFields.Field place : array.all()) {
            items.add(place.token() == JsonToken.VALUE_NULL ? null : Item.of(array.bytes(place)));
        }
        return items;
    }

    /** The numbers of an array; none where it is absent. */
    public static List<Long> numbers(JsonFields fields, String name) {
        JsonFields array = fields.inner(name);
        return array == null
                ? List.of()
                : array.all().stream()
                        .map(place -> Long.parseLong(array.raw(place)))
                        .toList();
    }

    /** The items of the window that are there. */
    public List<NamedItem> window() {
        return places.subList(0, window).stream().filter(Objects::nonNull).toList();
    }

    /** How many items of the window are there before that place: those that were erased without a mark are not. */
    public int before(int place) {
        return (int) places.subList(0, Math.min(place, window)).stream()
                .filter(Objects::nonNull)
                .count();
    }

    /** The place of an item, which it gets where it has none; -1 for no item. */
    public int place(@Nullable NamedItem item) {
        if (item == null) {
            return -1;
        }
        return known.computeIfAbsent(item, fresh -> {
            places.add(fresh);
            return places.size() - 1;
        });
    }

    /** Writes what is not in the window, when all places were given. */
    public void write(Json.Writer out) throws IOException {
        List<NamedItem> more = new ArrayList<>();
        places.subList(window, places.size()).forEach(each -> more.add(Objects.requireNonNull(each)));
        out.raws(ITEMS, more.stream().map(each -> each.item().json()).toList());
        out.raws(
                VERSIONS,
                more.stream().map(each -> String.valueOf(each.version())).toList());
    }

    /** The item whose place, or whose bytes in an old log, a field has; null where there is none, or it was erased. */
    public @Nullable NamedItem at(JsonFields fields, String name) {
        JsonFields.Field field = fields.field(name);
        return field == null ? null : at(fields, field);
    }

    private @Nullable NamedItem at(JsonFields fields, JsonFields.Field field) {
        if (field.token() == JsonToken.START_OBJECT) {
            return new NamedItem(Item.of(fields.bytes(field)), 0);
        }
        long place = field.token().isNumeric() ? Long.parseLong(fields.raw(field)) : -1;
        return place < 0 || place >= places.size() ? null : places.get((int) place);
    }

    /** All items whose places an array has. */
    public List<NamedItem> all(JsonFields fields, String name) {
        List<NamedItem> all = new ArrayList<>();
        JsonFields array = fields.inner(name);
        if (array != null) {
            for (JsonFields.Field field : array.all()) {
                NamedItem item = at(array, field);
                if (item != null) {
                    all.add(item);
                }
            }
        }
        return all;
    }
}
