package dev.agentloop.internal.log;

import dev.agentloop.Item;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.ItemTable;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.internal.prompt.WithoutImages;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Finds which items of a new window are those of the prompt before, also in another form (without images or breakpoints, a
 * user's message in a server's own bytes): they keep their names. All others were born in the window.
 */
final class WindowNames {
    private final List<NamedItem> before;
    private final boolean[] taken;

    private WindowNames(List<NamedItem> before) {
        this.before = before;
        this.taken = new boolean[before.size()];
    }

    /**
     * The items of a window, null where one was erased without a mark, with the names that the entry says, or in an old log are
     * found.
     *
     * @param version that of the entry
     */
    static List<@Nullable NamedItem> of(JsonFields window, JsonFields entry, List<NamedItem> before, long version) {
        List<@Nullable Item> items = ItemTable.items(window);
        List<Long> names = ItemTable.numbers(entry, Entry.VERSIONS);
        if (names.size() != items.size()) {
            return of(items, before, version);
        }
        List<@Nullable NamedItem> named = new ArrayList<>(items.size());
        for (int i = 0; i < names.size(); i++) {
            Item item = items.get(i);
            named.add(item == null ? null : new NamedItem(item, names.get(i)));
        }
        return named;
    }

    private static List<@Nullable NamedItem> of(List<@Nullable Item> window, List<NamedItem> before, long version) {
        WindowNames names = new WindowNames(before);
        Long[] found = new Long[window.size()];
        names.match(window, found, item -> item);
        names.match(window, found, WindowNames::said);
        List<@Nullable NamedItem> named = new ArrayList<>(window.size());
        for (int i = 0; i < found.length; i++) {
            Item item = window.get(i);
            Long name = found[i];
            named.add(item == null ? null : new NamedItem(item, name == null ? version : name));
        }
        return named;
    }

    // From the end: what a window keeps is rather the newest of several that are alike.
    private void match(List<@Nullable Item> window, @Nullable Long[] found, Function<Item, Object> form) {
        Map<Object, Deque<Integer>> places = new HashMap<>();
        for (int i = before.size() - 1; i >= 0; i--) {
            if (!taken[i]) {
                places.computeIfAbsent(form.apply(before.get(i).item()), key -> new ArrayDeque<>())
                        .add(i);
            }
        }
        for (int i = window.size() - 1; i >= 0; i--) {
            Item item = window.get(i);
            Deque<Integer> same = item == null || found[i] != null ? null : places.get(form.apply(item));
            Integer place = same == null ? null : same.poll();
            if (place != null) {
                taken[place] = true;
                found[i] = before.get(place).version();
            }
        }
    }

    private static Object said(Item item) {
        if (item instanceof Item.Message) {
            return WithoutImages.words(item);
        }
        JsonFields fields = JsonFields.of(ItemLine.of(item));
        return item instanceof Item.Output output && fields.inner("output") != null
                ? output.callId() + WithoutImages.words(fields, "output")
                : item;
    }
}
