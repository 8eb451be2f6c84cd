package dev.agentloop.internal.turn;

import dev.agentloop.AgentEvent;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.AppendedSettings;
import dev.agentloop.internal.prompt.Head;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.setup.Setup;
import dev.agentloop.internal.setup.WorkspaceContext;
import java.util.ArrayList;
import java.util.Collection;
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
record ContextChanges(Log log, Events events, Setup setup) {
    private static final String INSTRUCTIONS = "instructions";

    /** Puts what a new conversation begins with into the log. */
    void first() {
        initial().forEach(this::add);
    }

    /**
     * What a new conversation begins with, by section. Where the model takes them, a cache breakpoint is at its end: other
     * conversations begin with the same, and their first messages differ.
     */
    Map<String, Item> initial() {
        Map<String, Item> sections = new LinkedHashMap<>();
        String instructions = instructions();
        if (setup.model().instructionsInInput() && !instructions.isEmpty()) {
            sections.put(INSTRUCTIONS, Item.developer(instructions));
        }
        sections.putAll(setup.context().now());
        if (setup.model().cacheBreakpoints() && !sections.isEmpty()) {
            String last = List.copyOf(sections.keySet()).get(sections.size() - 1);
            sections.computeIfPresent(last, (name, item) -> item.withCacheBreakpoint());
        }
        return sections;
    }

    /** Puts what has changed since into the log. */
    void since() {
        Head head = log.fold().head();
        instructions(head.instructions());
        tools(head);
        Map<String, Item> now = setup.context().now();
        WorkspaceContext.gone().forEach((name, item) -> {
            boolean told = log.fold().section(name) != null;
            if (told && !now.containsKey(name) && !item.equals(log.fold().section(name))) {
                add(name, item);
            }
        });
        now.forEach((name, item) -> {
            if (!item.equals(log.fold().section(name))) {
                add(name, item);
            }
        });
        effort(head.effort());
    }

    private String instructions() {
        String text = setup.instructions();
        return text == null ? "" : text;
    }

    private void instructions(String pinned) {
        String now = instructions();
        Item first = Item.developer(now);
        Item replacement = Item.developer(
                now.isEmpty()
                        ? "The instructions that were given before do not hold any more. None have come in their place."
                        : "These instructions replace all that were given before:\n\n" + now);
        Item last = log.fold().section(INSTRUCTIONS);
        if (last != null) {
            if (!last.equals(first) && !last.equals(replacement)) {
                add(INSTRUCTIONS, replacement);
            }
        } else if (!pinned.equals(now)) {
            add(INSTRUCTIONS, pinned.isEmpty() ? first : replacement);
        }
    }

    private void tools(Head head) {
        if (head.toolsJson().equals(setup.tools().json(setup.model().customTools()))) {
            return;
        }
        SortedMap<String, String> declared = new TreeMap<>(head.tools());
        declared.putAll(log.fold().appended().tools());
        SortedMap<String, String> now = Setup.head(setup.model(), setup.tools()).tools();
        SortedMap<String, String> fresh = new TreeMap<>(now);
        fresh.keySet().removeAll(declared.keySet());
        if (!fresh.isEmpty() && setup.model().additionalTools()) {
            add("tools", AppendedSettings.tools(fresh.values()));
        }
        warn(declared, now, fresh);
    }

    private void warn(
            SortedMap<String, String> declared, SortedMap<String, String> now, SortedMap<String, String> fresh) {
        List<String> differences = new ArrayList<>();
        if (!fresh.isEmpty() && !setup.model().additionalTools()) {
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
            log.then(() -> events.warn(text));
        }
    }

    private void effort(@Nullable String pinned) {
        String wanted = setup.model().effort();
        String updated = log.fold().appended().effort();
        if (!setup.model().configurationUpdates()
                || wanted == null
                || wanted.equals(updated == null ? pinned : updated)) {
            return;
        }
        Prompt prompt = log.fold().prompt();
        // The API refuses two updates side by side: behind one that nothing has followed, the next waits for its turn.
        boolean behindOne =
                prompt.size() > 0 && prompt.item(prompt.size() - 1).type().equals(AppendedSettings.UPDATE);
        if (!behindOne) {
            add("effort", AppendedSettings.effort(wanted));
        }
    }

    /**
     * Refuses cache breakpoints of the host's that the API would refuse or not write, before anything is appended.
     *
     * @throws IllegalArgumentException if the model takes none, or too many would be new in the next request
     */
    void checkBreakpoints(List<? extends Item> items) {
        int added = count(items);
        if (added == 0) {
            return;
        }
        PromptSettings settings = setup.model();
        boolean explicit = Setup.head(settings, Toolbox.empty()).explicitCache();
        // Four in all, and one is the server's own where it sets one.
        int most = explicit ? 4 : 3;
        if (!settings.cacheBreakpoints()) {
            throw new IllegalArgumentException(
                    "the model " + settings.model() + " takes no cache breakpoints, and there "
                            + (added == 1 ? "is 1" : "are " + added) + "; append the items without them, or say"
                            + " cacheBreakpoints(true) if it does");
        }
        int before = log.fold().hasPrompt()
                ? log.fold().breakpoints()
                : count(initial().values());
        if (before + added > most) {
            throw new IllegalArgumentException("the next request would have " + (before + added)
                    + " new cache breakpoints, " + before + " of them from before, but the API writes at most " + most
                    + (explicit ? "" : " besides its own") + "; mark fewer items");
        }
    }

    private static int count(Collection<? extends Item> items) {
        return items.stream().mapToInt(ItemLine::breakpoints).sum();
    }

    private void add(String name, Item item) {
        log.add(Entry.item(Entry.ITEM_CONTEXT + name, item));
        log.then(() -> events.tell(new AgentEvent.ContextAdded(name, item)));
    }
}
