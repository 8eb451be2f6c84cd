package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.internal.call.HostCalls;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.prompt.AppendedSettings;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.TokenEstimate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a compactor is given to do, made from the fold: which items must survive, and what a shortened prompt must say besides:
 * the context that is in force, tools and effort that were appended, pins, and the newest calls of tools that are kept. What
 * it gives is held to that.
 */
final class CompactionTask {
    private final Compactor.Task task;
    private final Fold fold;
    // The context that is in force, tools and effort that were appended.
    private final List<Item> context;
    private final List<List<Item>> keptCalls;

    /**
     * The task to shorten a prompt.
     *
     * @param breakpoints whether the model takes cache breakpoints
     * @param tools the names of the tools whose newest call stays word for word
     */
    CompactionTask(
            Fold fold, boolean breakpoints, List<String> tools, Compactor.Reason reason, Compactor.Context context) {
        Prompt prompt = fold.prompt();
        List<Item> items = List.copyOf(prompt.items());
        Map<Item, Integer> last = new HashMap<>();
        for (int i = 0; i < items.size(); i++) {
            last.put(items.get(i), i);
        }
        List<Integer> users = fold.compactions().userMessages().stream()
                .filter(last::containsKey)
                .map(last::get)
                .distinct()
                .sorted()
                .toList();
        TreeSet<Integer> kept = new TreeSet<>();
        int tail = Math.min(fold.compactions().tail(), items.size());
        for (int place = tail; place < items.size(); place++) {
            kept.add(place);
        }
        if (!users.isEmpty()) {
            kept.add(users.get(users.size() - 1));
        }
        fold.compactions().pins().stream().filter(last::containsKey).forEach(pin -> kept.add(last.get(pin)));
        TreeSet<Integer> calls = new TreeSet<>();
        keptCalls = keptCalls(tools, items, calls);
        kept.addAll(calls);
        task = new Compactor.Task(prompt, reason, context, List.copyOf(kept), tail, users);
        this.fold = fold;
        this.context = new ArrayList<>(fold.contextItems());
        if (breakpoints) {
            markTheLast(this.context);
        }
    }

    /** The newest call of each tool that is kept, in order; adds all their places. */
    private static List<List<Item>> keptCalls(List<String> tools, List<Item> items, TreeSet<Integer> all) {
        TreeMap<Integer, List<Item>> calls = new TreeMap<>();
        for (String name : tools) {
            TreeSet<Integer> places = newestCall(items, name);
            if (!places.isEmpty()) {
                calls.put(places.first(), places.stream().map(items::get).toList());
                all.addAll(places);
            }
        }
        return List.copyOf(calls.values());
    }

    // With the reasoning right before it: without that the API refuses the call.
    private static TreeSet<Integer> newestCall(List<Item> items, String name) {
        TreeSet<Integer> places = new TreeSet<>();
        for (int i = items.size() - 1; i >= 0 && places.isEmpty(); i--) {
            if (items.get(i) instanceof Item.Call call && call.name().equals(name)) {
                places.add(i);
                for (int r = i - 1; r >= 0 && items.get(r) instanceof Item.Reasoning; r--) {
                    places.add(r);
                }
                for (int o = i + 1; o < items.size() && !isOutputOf(call, items.get(places.last())); o++) {
                    if (isOutputOf(call, items.get(o))) {
                        places.add(o);
                    }
                }
            }
        }
        return places;
    }

    private static boolean isOutputOf(Item.Call call, Item item) {
        return item instanceof Item.Output output && output.callId().equals(call.callId());
    }

    Compactor.Task task() {
        return task;
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
    private List<Item> behind(List<Item> returned) {
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
    private List<Item> before(List<Item> built, List<Item> kept) {
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
        fold.compactions().pins().stream()
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

    /**
     * The shortened prompt as it goes into the log: a window with what it lacks, held to the rules. What a server's own
     * compaction item holds cannot be seen; all else is checked here, and only here.
     *
     * @throws IllegalArgumentException if it breaks a rule; the message says which
     */
    List<Item> applied(Compactor.Window window) {
        if (window.items().isEmpty()) {
            throw broken("it is empty");
        }
        List<Item> items;
        if (window.returned()) {
            checkReturned(window.items());
            items = behind(window.items());
        } else {
            checkKept(window.items());
            items = before(window.items(), task.items(task.kept()));
        }
        checkPairs(items);
        checkReasoning(items);
        checkSize(items);
        return items;
    }

    private static IllegalArgumentException broken(String rule) {
        return new IllegalArgumentException("the shortened prompt breaks a rule: " + rule);
    }

    private static void checkReturned(List<Item> items) {
        if (items.stream().noneMatch(Item.Compaction.class::isInstance)) {
            throw broken("a server's window has a compaction item, and this one has none");
        }
    }

    private void checkKept(List<Item> items) {
        int at = 0;
        for (int place : task.kept()) {
            Item kept = task.prompt().item(place);
            while (at < items.size() && !items.get(at).equals(kept)) {
                at++;
            }
            if (at++ == items.size()) {
                throw broken("item " + place + " (" + kept.type()
                        + ") must stay as it is and in its order, and is not there");
            }
        }
    }

    private static void checkPairs(List<Item> items) {
        Set<String> open = new HashSet<>();
        Set<String> seen = new HashSet<>();
        String stray = HostCalls.strayAnswer(items);
        if (stray != null) {
            throw broken("the host's answer " + stray + " has no call before it");
        }
        for (Item item : items) {
            if (item instanceof Item.Call call) {
                if (!seen.add(call.callId())) {
                    throw broken("call " + call.callId() + " is there twice");
                }
                open.add(call.callId());
            } else if (item instanceof Item.Output output && !open.remove(output.callId())) {
                throw broken("the output of call " + output.callId() + " has no call before it, or is there twice");
            }
        }
        if (!open.isEmpty()) {
            throw broken("the calls " + open + " have no output");
        }
    }

    // Reasoning without the item that it led to is refused by the API, and so is the item without its reasoning.
    private void checkReasoning(List<Item> items) {
        Map<Item, Item> before = new HashMap<>();
        Map<Item, Item> after = new HashMap<>();
        Item last = null;
        for (Item item : task.prompt().items()) {
            if (last instanceof Item.Reasoning) {
                after.put(last, item);
                before.put(item, last);
            }
            last = item;
        }
        for (int i = 0; i < items.size(); i++) {
            Item item = items.get(i);
            if (item instanceof Item.Reasoning
                    && (i + 1 == items.size() || !items.get(i + 1).equals(after.get(item)))) {
                throw broken("reasoning stands at " + i + " without the item that it led to");
            }
            Item reasoning = item instanceof Item.Call ? before.get(item) : null;
            if (reasoning != null && (i == 0 || !items.get(i - 1).equals(reasoning))) {
                throw broken("call " + ((Item.Call) item).callId() + " stands without its reasoning");
            }
        }
    }

    private void checkSize(List<Item> items) {
        long before = TokenEstimate.of(task.prompt().items());
        long after = TokenEstimate.of(items);
        if (after >= before) {
            throw broken("it has about " + after + " tokens, and the prompt had " + before);
        }
    }
}
