package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells the model, in messages, what differs from what it was told before: instructions, tools, rights, project,
 * surroundings, effort. Nothing that it was told is ever changed.
 */
final class ContextChanges {
    private static final String INSTRUCTIONS = "instructions";

    private final RunScope run;

    ContextChanges(RunScope run) {
        this.run = run;
    }

    /** Puts what a new conversation begins with into the journal. */
    void first() {
        initial().forEach(this::add);
    }

    /**
     * What a new conversation begins with, by section. Where the model takes them, a cache breakpoint is at its end: other
     * conversations begin with the same, and their first messages differ.
     */
    Map<String, Item> initial() {
        Map<String, Item> sections = new LinkedHashMap<>();
        String instructions = ItemBytes.orEmpty(run.config().instructions());
        if (settings().instructionsInInput() && !instructions.isEmpty()) {
            sections.put(INSTRUCTIONS, Item.developer(instructions));
        }
        sections.putAll(run.config().context().now());
        if (settings().cacheBreakpoints() && !sections.isEmpty()) {
            String last = List.copyOf(sections.keySet()).get(sections.size() - 1);
            sections.computeIfPresent(last, (name, item) -> item.withCacheBreakpoint());
        }
        return sections;
    }

    /** Puts what has changed since into the journal. */
    void since() {
        JsonFields head = EpochStart.pinned(run.fold());
        instructions(ItemBytes.orEmpty(head.text(INSTRUCTIONS)));
        tools(head);
        run.config().context().now().forEach((name, item) -> {
            if (!item.equals(run.fold().section(name))) {
                add(name, item);
            }
        });
        effort(EpochStart.effort(head));
    }

    private PromptSettings settings() {
        return run.settings();
    }

    private void instructions(String pinned) {
        String now = ItemBytes.orEmpty(run.config().instructions());
        Item first = Item.developer(now);
        Item replacement = Item.developer("These instructions replace all that were given before:\n\n" + now);
        Item last = run.fold().section(INSTRUCTIONS);
        if (last != null) {
            if (!last.equals(first) && !last.equals(replacement)) {
                add(INSTRUCTIONS, replacement);
            }
        } else if (!pinned.equals(now)) {
            add(INSTRUCTIONS, pinned.isEmpty() ? first : replacement);
        }
    }

    private void tools(JsonFields head) {
        JsonFields.Field pinned = head.field("tools");
        boolean customTools = settings().customTools();
        if (ItemBytes.orEmpty(pinned == null ? null : head.raw(pinned))
                .equals(run.toolbox().json(customTools))) {
            return;
        }
        SortedMap<String, String> declared = AppendedSettings.declarations(head.inner("tools"));
        declared.putAll(run.fold().appended().tools());
        SortedMap<String, String> now = run.toolbox().declarations(customTools);
        SortedMap<String, String> fresh = new TreeMap<>(now);
        fresh.keySet().removeAll(declared.keySet());
        if (!fresh.isEmpty() && settings().additionalTools()) {
            add("tools", AppendedSettings.tools(fresh.values()));
        }
        warn(declared, now, fresh);
    }

    private void warn(
            SortedMap<String, String> declared, SortedMap<String, String> now, SortedMap<String, String> fresh) {
        List<String> differences = new ArrayList<>();
        if (!fresh.isEmpty() && !settings().additionalTools()) {
            differences.add("new ones wait for the next epoch: " + fresh.keySet());
        }
        List<String> gone = new ArrayList<>(declared.keySet());
        gone.removeAll(now.keySet());
        if (!gone.isEmpty()) {
            differences.add("calls of those that are gone are answered with an error: " + gone);
        }
        List<String> changed = new ArrayList<>(declared.keySet());
        changed.removeIf(name -> !now.containsKey(name) || Objects.equals(declared.get(name), now.get(name)));
        if (!changed.isEmpty()) {
            differences.add("of those that were changed the model knows the old form: " + changed);
        }
        if (!differences.isEmpty()) {
            String text = "the tools differ from those that this conversation was begun with; "
                    + String.join("; ", differences) + ". Conversation.repinTools() declares them again";
            run.journal().then(() -> run.events().warn(text));
        }
    }

    private void effort(@Nullable String pinned) {
        String wanted = settings().effort();
        String updated = run.fold().appended().effort();
        if (!settings().configurationUpdates() || wanted == null || wanted.equals(updated == null ? pinned : updated)) {
            return;
        }
        Prompt prompt = run.fold().prompt();
        // The API refuses two updates side by side: behind one that nothing has followed, the next waits for its turn.
        boolean behindOne =
                prompt.size() > 0 && prompt.item(prompt.size() - 1).type().equals(AppendedSettings.UPDATE);
        if (!behindOne) {
            add("effort", AppendedSettings.effort(wanted));
        }
    }

    private void add(String name, Item item) {
        run.journal().add(Draft.item(Draft.ITEM_CONTEXT + name, item));
        run.journal().then(() -> run.events().tell(new AgentEvent.ContextAdded(name, item)));
    }
}
