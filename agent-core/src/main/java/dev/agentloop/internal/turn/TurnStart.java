package dev.agentloop.internal.turn;

import dev.agentloop.AgentEvent;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.TurnState;
import dev.agentloop.internal.prompt.AppendedSettings;
import dev.agentloop.internal.prompt.Head;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.PrefixDifference;
import dev.agentloop.internal.setup.Setup;
import dev.agentloop.spi.StoreException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins a turn: brings the log in line with the agent as it is built now, by appending. What was sent is never changed; a
 * change that no message can express begins an epoch, by an entry that says why; everything else is a message.
 */
public final class TurnStart {
    private static final Logger LOG = LoggerFactory.getLogger(TurnStart.class);
    private static final String EFFORT_CHANGED = "reasoning_effort_changed";
    // These are told by messages, and begin no epoch.
    private static final List<String> APPENDED = List.of("tools", "parallel_tool_calls", "instructions");

    private final Log log;
    private final Events events;
    private final Setup setup;
    private final Clock clock;
    private final ContextChanges context;
    private boolean told;
    private boolean compared;

    /** The beginning of a turn, or of what else changes the log between turns. */
    public TurnStart(Log log, Events events, Setup setup, Clock clock) {
        this.log = log;
        this.events = events;
        this.setup = setup;
        this.clock = clock;
        this.context = new ContextChanges(log, events, setup);
    }

    /**
     * Refuses tools that the conversation does not have, and cache breakpoints that the API would refuse, before anything is
     * appended.
     *
     * @param allowed the names of the tools that the run may call; null for all
     * @throws IllegalArgumentException if there are some
     */
    public void check(List<? extends Item> input, @Nullable Set<String> allowed) {
        context.checkBreakpoints(input);
        if (allowed == null) {
            return;
        }
        Set<String> known = new TreeSet<>(setup.tools().names());
        if (log.fold().hasPrompt()) {
            known.addAll(log.fold().head().tools().keySet());
            known.addAll(log.fold().appended().tools().keySet());
        }
        Set<String> unknown = new TreeSet<>(allowed);
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("the run may call only " + new TreeSet<>(allowed) + ", but there is no "
                    + unknown + "; the tools of conversation " + log.id() + " are " + known);
        }
    }

    /**
     * Puts the turn's begin into the log, whatever has to precede it, and what the inbox has.
     *
     * @param asked whether the turn that the log has open may have sent a request that was not answered
     * @return what such a request is counted with
     */
    public Usage begin(Inbox inbox, String owner, @Nullable Set<String> allowed, boolean asked) {
        Fold fold = log.fold();
        if (!fold.unknown().isEmpty()) {
            throw new StoreException(
                    StoreException.Kind.UNKNOWN_FORMAT,
                    "conversation " + log.id() + " has an entry of kind \"" + fold.unknown()
                            + "\", written by a newer version of this library; update to run it. Nothing was changed");
        }
        log.then(() ->
                events.tell(new AgentEvent.RunStarted(log.id(), log.position().version())));
        boolean begun = fold.hasPrompt();
        Usage lost = new LostResponse(log).estimate(asked);
        prepare();
        log.add(Entry.turnBegun(owner, allowed, clock.instant()));
        if (lost != null) {
            log.add(Entry.responseBroken(LostResponse.CAUSE, lost));
        }
        if (begun) {
            inbox.fold();
            Redaction.finish(log);
            log.commit();
            inbox.learnRedactions();
            tellOfTakeover(fold.turn());
        }
        return lost == null ? Usage.NONE : lost;
    }

    private void tellOfTakeover(TurnState turn) {
        if (!turn.takenFrom().isEmpty() && !turn.takenFrom().equals(turn.owner())) {
            LOG.warn(
                    "conversation {}: turn taken over at version {} from {}, which did not end it",
                    log.id(),
                    turn.underWay(),
                    turn.takenFrom());
        }
    }

    /** Puts what a new conversation begins with into the log, and the new epoch of one that was changed. */
    public void prepare() {
        boolean begun = log.fold().hasPrompt();
        if (log.nextVersion() == 1) {
            log.add(Entry.conversation(log.id(), clock.instant().toString()));
        }
        beginEpochIfChanged();
        if (!begun) {
            context.first();
            told = true;
        }
    }

    /**
     * Puts the first epoch of a conversation into the log, or a new one where the settings differ from the pinned ones; once,
     * and while calls have no output not yet: an epoch goes between a call and its output no more than a message does. So it is
     * to be called again where outputs were added, before anything is sent.
     */
    public void beginEpochIfChanged() {
        if (compared || !log.fold().open().isEmpty()) {
            return;
        }
        compared = true;
        if (!log.fold().hasPrompt()) {
            Head head = setup.head(log.id(), Set.of());
            log.add(Entry.epoch("conversation_started", head.json(), null));
            return;
        }
        String change = change(log.fold().head());
        if (change != null) {
            beginEpoch(change);
        }
    }

    private @Nullable String change(Head pinned) {
        PromptSettings now = setup.settings(pinned.cacheKey());
        if (now.configurationUpdates() && now.effort() != null) {
            if (updateWaits(now.effort())) {
                return EFFORT_CHANGED;
            }
            now = now.toBuilder().effort(pinned.effort()).build();
        } else if (log.fold().appended().effort() != null) {
            // The updates in the prompt would go on to hold, or the model does not take them.
            return EFFORT_CHANGED;
        }
        String reason = PrefixDifference.firstChange(pinned, Setup.head(now, Toolbox.empty()), APPENDED);
        return PrefixDifference.INPUT_CHANGED.equals(reason) ? "settings_changed" : reason;
    }

    // The API refuses two updates one after the other, and what is asked next must not go by the first.
    private boolean updateWaits(String effort) {
        Prompt prompt = log.fold().prompt();
        String updated = log.fold().appended().effort();
        return updated != null
                && !updated.equals(effort)
                && prompt.size() > 0
                && prompt.item(prompt.size() - 1).type().equals(AppendedSettings.UPDATE);
    }

    private void beginEpoch(String reason) {
        Prompt before = log.fold().prompt();
        PromptSettings now = setup.settings(log.fold().head().cacheKey());
        List<Item> all = List.copyOf(before.items());
        List<Item> kept = new ArrayList<>(all);
        boolean effort = reason.equals(EFFORT_CHANGED);
        kept.removeIf(item -> !takes(now, item) || effort && item.type().equals(AppendedSettings.UPDATE));
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

    /** Puts an epoch with the tools as they are now into the log; nothing where none were declared yet. */
    public void repinTools() {
        if (!log.fold().open().isEmpty()) {
            throw new IllegalStateException("the calls " + log.fold().open().keySet()
                    + " have no output yet; run the conversation to its end, then pin the tools again");
        }
        if (log.fold().hasPrompt()) {
            beginEpoch("tools_repinned");
        }
    }

    /** Makes the new context and the input durable, together with what was added already. */
    public void input(List<Item> input) {
        beginEpochIfChanged();
        if (!told) {
            context.since();
        }
        input.forEach(item -> log.add(Entry.item(Entry.ITEM_USER, item)));
        log.commit();
    }
}
