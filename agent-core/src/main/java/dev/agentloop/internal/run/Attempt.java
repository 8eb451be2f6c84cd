package dev.agentloop.internal.run;

import dev.agentloop.BusyException;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.RunOptions.WhenBusy;
import dev.agentloop.Usage;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.turn.ConversationLocks;
import dev.agentloop.internal.turn.Inbox;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of {@code run}, or of {@code compact}: waits for its turn where the host wants that, reads the log, has the loop run
 * or the prompt shortened, and gives the turn back. It can be ended and steered from its first moment on.
 */
public final class Attempt {
    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);

    private final Agent agent;
    private final LogHandle handle;
    private final RunOptions options;
    private final RunControl control;
    private final Events events;
    private final HostStore store;
    private final String id;
    // The message of the inbox that has the input; null where none has.
    private @Nullable String left;

    public Attempt(Agent agent, String id, LogHandle handle, RunOptions options) {
        this.agent = agent;
        this.id = id;
        this.handle = handle;
        this.options = options;
        this.control = new RunControl(id, agent.parts().workers());
        this.events = new Events(control, options);
        this.store = agent.store().in(control);
    }

    /** What is done while the control is known. */
    private interface Body<T> {
        T make() throws InterruptedException;
    }

    private <T> T underWay(Body<T> body) throws InterruptedException {
        agent.parts().runs().begin(control);
        agent.turns().enter(control);
        try {
            events.begin(agent.parts().workers());
            return body.make();
        } finally {
            control.mailbox().close();
            agent.turns().leave(control);
            agent.parts().runs().end(control);
            events.end(control.overBy());
        }
    }

    /** Runs the loop on this input. */
    public Outcome run(List<Item> input) {
        Limits limits = Run.limits(agent.parts(), options);
        if (limits.time() != null) {
            control.limit(limits.time(), RunEnd.timeUp(limits.time()));
        }
        try {
            return underWay(() -> turn(input));
        } catch (RunEnd over) {
            return over.ending().outcome(nothingUsed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled(nothingUsed());
        }
    }

    /** Shortens the prompt because the host asked for it; see {@link Conversation#compact}. */
    public Optional<Compactor.Completed> compact() throws InterruptedException {
        try {
            return underWay(() -> handle.changing(log -> {
                Run run = Run.of(agent, control, events, log, options);
                agent.ownership().refuseOther(run.log());
                run.log().fold().refuseWhileOpen();
                if (run.log().fold().hasPrompt()) {
                    // What the compactors ask is asked of the model as it is now.
                    run.turnStart().prepare();
                    run.log().commit();
                }
                return run.compaction().requested();
            }));
        } catch (RunEnd | InterruptedException e) {
            InterruptedException interrupted =
                    new InterruptedException("the compaction was interrupted; nothing was changed");
            interrupted.initCause(e);
            throw interrupted;
        }
    }

    private Outcome.Summary nothingUsed() {
        return new Outcome.Summary(id, handle.version(), Usage.NONE, Usage.NONE, 0, "");
    }

    private Outcome turn(List<Item> input) throws InterruptedException {
        if (!begin(input)) {
            return new Outcome.HandedOver(nothingUsed());
        }
        try {
            // What the inbox has comes from there.
            return alone(left == null ? input : List.of());
        } finally {
            agent.turns().keep(id, control.steering().unsaid(), handle.version());
            agent.turns().end(id);
        }
    }

    // False where the input was handed to a run that is under way in this process, or comes before this one.
    private boolean begin(List<Item> input) throws InterruptedException {
        if (agent.turns().tryBegin(id)) {
            return true;
        }
        if (options.whenBusy() == WhenBusy.REJECT) {
            throw new BusyException(id, "on another thread");
        }
        if (options.whenBusy() == WhenBusy.STEER && steerBefore(input)) {
            return false;
        }
        agent.turns().begin(control);
        return true;
    }

    // It is durable in the inbox before a run is told: what one that dies has not said is for the next.
    private boolean steerBefore(List<Item> input) {
        for (RunControl run : agent.turns().runs(id)) {
            if (run == control) {
                return false;
            }
            String message = leave(input);
            boolean taken = message == null
                    ? run.steering().addAll(input)
                    : run.steering().offer(message, input);
            if (taken) {
                return true;
            }
        }
        return false;
    }

    // Gives the id of the message; null where nothing of the conversation is stored yet, so that there is no inbox
    // either.
    private @Nullable String leave(List<Item> input) {
        try {
            left = left == null ? Inbox.input(agent.store(), agent.parts().clock(), id, input) : left;
            return left;
        } catch (StoreException e) {
            if (e.kind() != StoreException.Kind.NOT_FOUND) {
                throw e;
            }
            return null;
        }
    }

    private Outcome alone(List<Item> input) throws InterruptedException {
        while (true) {
            Log log = free();
            if (log == null) {
                leave(input);
                return new Outcome.HandedOver(nothingUsed());
            }
            control.check();
            Loop loop = new Loop(Run.of(agent, control, events, log, options));
            control.steering().addAll(kept(log));
            loop.check(input);
            try {
                Outcome outcome = run(loop, log, input);
                handle.keep(log);
                return outcome;
            } catch (StoreException e) {
                // Where the log has not moved, the store's refusal is no answer to somebody else's append.
                if (!loop.cameLate(e) || store.head(id).equals(Optional.of(log.position()))) {
                    throw e;
                }
                LOG.info("conversation {}: another process began a turn first; looking again", id);
                control.steering().again();
            }
        }
    }

    // The log once no other process is at work on it; null where one is, to which the input is to be handed over.
    private @Nullable Log free() throws InterruptedException {
        Log log = handle.take(store);
        if (options.whenBusy() == WhenBusy.QUEUE) {
            return agent.ownership().awaitOther(control, log);
        }
        if (!agent.ownership().otherAtWork(log)) {
            return log;
        }
        String owner = log.fold().turn().owner();
        handle.keep(log);
        if (options.whenBusy() == WhenBusy.REJECT) {
            throw new BusyException(id, "by " + owner);
        }
        return null;
    }

    private Outcome run(Loop loop, Log log, List<Item> input) {
        ConversationLocks.atWork(agent.owner(), id, true);
        try {
            return loop.run(input);
        } finally {
            ConversationLocks.atWork(agent.owner(), id, false);
            agent.ownership().ended(log);
            handle.moved(log);
        }
    }

    /** What an earlier run took and could not write down, without what was written all the same. */
    private List<Item> kept(Log log) {
        List<Item> items = new ArrayList<>();
        for (ConversationLocks.Unsaid kept : agent.turns().takeKept(id)) {
            if (!written(log, kept)) {
                items.add(kept.item());
            }
        }
        if (!items.isEmpty()) {
            LOG.info("conversation {}: {} messages of an earlier run, which failed, are said now", id, items.size());
        }
        return items;
    }

    private boolean written(Log log, ConversationLocks.Unsaid kept) {
        if (log.position().version() <= kept.after()) {
            return false;
        }
        try (Stream<LogEntry> entries = store.stream(id, kept.after())) {
            return entries.anyMatch(entry -> says(entry, kept.item()));
        }
    }

    private static boolean says(LogEntry entry, Item item) {
        return entry.kind().equals(Entry.ITEM_USER)
                && entry.payload() != null
                && Arrays.equals(entry.content(), ItemLine.of(item));
    }
}
