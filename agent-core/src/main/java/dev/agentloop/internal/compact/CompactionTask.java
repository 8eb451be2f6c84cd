package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.internal.log.Fold;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** What a compactor is given to do, made from the fold: which items must survive, and what is put back. */
public final class CompactionTask {
    private final Compactor.Task task;
    private final PutBack putBack;

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
        fold.compactions().pins().values().stream().filter(last::containsKey).forEach(pin -> kept.add(last.get(pin)));
        TreeSet<Integer> calls = new TreeSet<>();
        List<List<Item>> keptCalls = keptCalls(tools, items, calls);
        kept.addAll(calls);
        task = new Compactor.Task(prompt, reason, context, List.copyOf(kept), tail, users);
        putBack = new PutBack(fold, breakpoints, keptCalls);
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

    PutBack putBack() {
        return putBack;
    }
}
