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
import dev.agentloop.internal.prompt.PrefixDifference;
import dev.agentloop.internal.setup.Setup;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the fixed fields of the request in line with the agent as it is built now. A change that no message can express
 * begins an epoch, by an entry that says why; tools, instructions and, where the model takes updates, the effort do not.
 */
public final class EpochStart {
    /** The reason of an epoch that the host has asked for. */
    static final String TOOLS_REPINNED = "tools_repinned";

    private static final List<String> APPENDED = List.of("tools", "parallel_tool_calls", "instructions");

    private final Log log;
    private final Events events;
    private final Setup setup;

    EpochStart(Log log, Events events, Setup setup) {
        this.log = log;
        this.events = events;
        this.setup = setup;
    }

    /** Puts the first epoch of a conversation into the log, or a new one where the settings differ from the pinned ones. */
    void beginIfChanged() {
        if (!log.fold().hasPrompt()) {
            Head head = setup.head(log.id(), Set.of());
            log.add(Entry.epoch("conversation_started", head.json(), null));
            return;
        }
        String change = change(log.fold().head());
        if (change != null) {
            begin(change);
        }
    }

    /** Puts an epoch into the log that declares the tools as they are now. */
    void repinTools() {
        begin(TOOLS_REPINNED);
    }

    private @Nullable String change(Head pinned) {
        PromptSettings now = setup.settings(pinned.cacheKey());
        if (now.configurationUpdates() && now.effort() != null) {
            now = now.toBuilder().effort(pinned.effort()).build();
        } else if (log.fold().appended().effort() != null) {
            // The updates in the prompt would go on to hold, or the model does not take them.
            return "reasoning_effort_changed";
        }
        String reason = PrefixDifference.firstChange(pinned, Setup.head(now, Toolbox.empty()), APPENDED);
        return PrefixDifference.INPUT_CHANGED.equals(reason) ? "settings_changed" : reason;
    }

    private void begin(String reason) {
        Prompt before = log.fold().prompt();
        PromptSettings now = setup.settings(log.fold().head().cacheKey());
        List<Item> all = List.copyOf(before.items());
        List<Item> kept = new ArrayList<>(all);
        kept.removeIf(item -> !takes(now, item));
        if (!now.cacheBreakpoints()) {
            kept.replaceAll(ItemLine::withoutBreakpoints);
        }
        AppendedSettings appended = new AppendedSettings();
        kept.forEach(appended::note);
        Head head = setup.head(log.fold().head().cacheKey(), appended.tools().keySet());
        boolean same = kept.equals(all);
        if (same && head.json().equals(before.head())) {
            return;
        }
        log.add(Entry.epoch(reason, head.json(), same ? null : kept));
        log.then(() -> events.tell(new AgentEvent.EpochStarted(log.fold().epoch(), reason)));
        if (!before.model().equals(now.model())) {
            log.add(Entry.item(
                    Entry.ITEM_CONTEXT + "model_switch",
                    Item.developer("<model_switch>\nWhat came before was answered by " + before.model()
                            + ". From here on the model is " + now.model() + ".\n</model_switch>")));
        }
    }

    private static boolean takes(PromptSettings settings, Item item) {
        return switch (item.type()) {
            case AppendedSettings.UPDATE -> settings.configurationUpdates() && settings.effort() != null;
            case AppendedSettings.TOOLS -> settings.additionalTools();
            default -> true;
        };
    }
}
