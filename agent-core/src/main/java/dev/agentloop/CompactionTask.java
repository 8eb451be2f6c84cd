package dev.agentloop;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** What a compactor is given to do, made from the fold: which items must survive, and what is put back. */
final class CompactionTask {
    private final Compactor.Task task;
    private final List<Item> putBack;

    CompactionTask(RunScope run, Compactor.Reason reason, Compactor.Context context) {
        Fold fold = run.fold();
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
        for (String name : run.toolbox().names()) {
            Optional<Tool> tool = run.toolbox().find(name);
            tool.filter(Tool::keptInCompaction).ifPresent(yes -> newestCall(items, name, kept));
        }
        task = new Compactor.Task(prompt, reason, context, List.copyOf(kept), tail, users);
        putBack = new ArrayList<>(fold.contextItems());
        if (run.config().model().settings().cacheBreakpoints()) {
            markTheLast(putBack);
        }
        fold.compactions().pins().values().stream()
                .filter(pin -> !putBack.contains(pin))
                .forEach(putBack::add);
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

    // With the reasoning right before it: without that the API refuses the call.
    private static void newestCall(List<Item> items, String name, TreeSet<Integer> kept) {
        for (int i = items.size() - 1; i >= 0; i--) {
            if (items.get(i) instanceof Item.Call call && call.name().equals(name)) {
                kept.add(i);
                for (int r = i - 1; r >= 0 && items.get(r) instanceof Item.Reasoning; r--) {
                    kept.add(r);
                }
                for (int o = i + 1; o < items.size(); o++) {
                    if (items.get(o) instanceof Item.Output output
                            && output.callId().equals(call.callId())) {
                        kept.add(o);
                        return;
                    }
                }
                return;
            }
        }
    }

    Compactor.Task task() {
        return task;
    }

    /** What must be in the prompt beside the kept items: context, appended tools and effort, pins. */
    List<Item> putBack() {
        return putBack;
    }

    Compactor.Window compacted(Compactor compactor) {
        return Compaction.uninterrupted(() -> compactor.compact(task));
    }
}
