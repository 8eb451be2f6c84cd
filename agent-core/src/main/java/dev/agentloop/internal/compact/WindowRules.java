package dev.agentloop.internal.compact;

import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.internal.prompt.TokenEstimate;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a shortened prompt must be like, whoever has shortened it. What a server's own compaction item holds cannot be seen;
 * all else is checked here, and only here.
 */
public final class WindowRules {
    private final CompactionTask given;
    private final Compactor.Task task;

    WindowRules(CompactionTask given) {
        this.given = given;
        this.task = given.task();
    }

    /**
     * The window as it goes into the log.
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
            items = given.behind(window.items());
        } else {
            checkKept(window.items());
            items = given.before(window.items(), task.items(task.kept()));
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
