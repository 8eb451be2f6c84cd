package dev.agentloop.internal.compact;

import dev.agentloop.Item;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.prompt.AppendedSettings;
import dev.agentloop.internal.prompt.ItemLine;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a shortened prompt must say beside the kept items: the context that is in force, tools and effort that were appended,
 * pins, and the newest calls of tools that are kept.
 */
public final class PutBack {
    private final Fold fold;
    private final List<Item> context;
    private final List<List<Item>> keptCalls;

    /**
     * @param fold the conversation as it is
     * @param breakpoint whether the last message of the context gets a cache breakpoint
     * @param keptCalls the newest call of each tool that is kept, each with the reasoning before it and its output, in order
     */
    PutBack(Fold fold, boolean breakpoint, List<List<Item>> keptCalls) {
        this.fold = fold;
        this.context = new ArrayList<>(fold.contextItems());
        this.keptCalls = keptCalls;
        if (breakpoint) {
            markTheLast(context);
        }
    }

    // As in a new conversation: what is shared up to here can be read from the cache by others.
    private static void markTheLast(List<Item> items) {
        for (int i = items.size() - 1; i >= 0; i--) {
            if (items.get(i) instanceof Item.Message message) {
                items.set(i, message.withCacheBreakpoint());
                return;
            }
        }
    }

    /** The window of a server's, unchanged, with what it lacks behind it. */
    List<Item> behind(List<Item> returned) {
        List<Item> items = new ArrayList<>(returned);
        Set<String> there = callIds(returned);
        keptCalls.stream()
                .filter(call -> Collections.disjoint(callIds(call), there))
                .forEach(items::addAll);
        // The server gives the effort that holds by an update of its own, and two updates must not be adjacent.
        boolean updated = returned.stream().anyMatch(item -> item.type().equals(AppendedSettings.UPDATE));
        outOfForce(returned).stream()
                .filter(item -> !updated || !item.type().equals(AppendedSettings.UPDATE))
                .forEach(items::add);
        addPins(items, returned);
        return items;
    }

    /** A window of the host's with what it lacks before it, and without what would be in force instead. */
    List<Item> before(List<Item> built, List<Item> kept) {
        List<Item> missing = outOfForce(built);
        Set<String> kinds = new HashSet<>();
        missing.forEach(item -> kinds.add(kind(item)));
        List<Item> window = new ArrayList<>(built);
        window.removeIf(item -> kind(item) != null && kinds.contains(kind(item)) && !kept.contains(item));
        List<Item> items = new ArrayList<>(missing);
        addPins(items, built);
        items.addAll(window);
        return items;
    }

    /** Of the context and of what was appended, that which does not hold behind these items. */
    private List<Item> outOfForce(List<Item> items) {
        Map<String, Item> newest = new HashMap<>();
        AppendedSettings appended = new AppendedSettings();
        for (Item item : items) {
            appended.note(item);
            String kind = kind(item);
            if (kind != null) {
                newest.put(kind, ItemLine.withoutBreakpoints(item));
            }
        }
        List<Item> missing = new ArrayList<>(context);
        missing.removeIf(item -> switch (item.type()) {
            case AppendedSettings.UPDATE ->
                fold.appended().effort() != null && fold.appended().effort().equals(appended.effort());
            case AppendedSettings.TOOLS -> fold.appended().tools().equals(appended.tools());
            default -> ItemLine.withoutBreakpoints(item).equals(newest.get(kind(item)));
        });
        return missing;
    }

    private void addPins(List<Item> items, List<Item> window) {
        fold.compactions().pins().values().stream()
                .filter(pin -> !window.contains(pin) && !items.contains(pin))
                .forEach(items::add);
    }

    /** What an item replaces all earlier ones of: a section of the context, or a setting; null where it does not. */
    private @Nullable String kind(Item item) {
        return AppendedSettings.TYPES.contains(item.type())
                ? item.type()
                : fold.compactions().section(item);
    }

    private static Set<String> callIds(List<Item> items) {
        Set<String> ids = new HashSet<>();
        for (Item item : items) {
            if (item instanceof Item.Call call) {
                ids.add(call.callId());
            } else if (item instanceof Item.Output output) {
                ids.add(output.callId());
            }
        }
        return ids;
    }
}
