package dev.agentloop;

import dev.agentloop.RunOptions.WhenBusy;
import dev.agentloop.spi.LogEntry;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of {@code run}: waits for its turn where the host wants that, reads the log, has the loop run, and gives the turn
 * back. It can be ended and steered from its first moment on.
 */
final class Attempt {
    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);

    private final LoopConfig config;
    private final LogHandle handle;
    private final RunOptions options;
    private final RunControl control;
    private final HostStore store;
    private final String id;

    Attempt(LoopConfig config, String id, LogHandle handle, RunOptions options) {
        this.config = config;
        this.id = id;
        this.handle = handle;
        this.options = options;
        this.control = new RunControl(id);
        this.store = config.store().in(control);
    }

    /** Runs the loop on this input. */
    Outcome run(List<Item> input) {
        config.runs().begin(control);
        config.turns().enter(control);
        Events events = new Events(control, options);
        try {
            Limits limits = options.limits() == null ? config.limits() : options.limits();
            if (limits.time() != null) {
                control.limit(limits.time(), Endings.timeUp(limits.time()));
            }
            events.begin(config.workers());
            return turn(input, events);
        } catch (RunOver over) {
            return over.ending().outcome(nothingUsed());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new Outcome.Cancelled(nothingUsed());
        } finally {
            config.turns().leave(control);
            config.runs().end(control);
            events.end(config.runs(), control.overBy());
        }
    }

    private Outcome.Summary nothingUsed() {
        return new Outcome.Summary(id, handle.version(), Usage.NONE, Usage.NONE, 0, "");
    }

    private Outcome turn(List<Item> input, Events events) throws InterruptedException {
        if (!begin(input)) {
            return new Outcome.HandedOver(nothingUsed());
        }
        try {
            return alone(input, events);
        } finally {
            config.turns().keep(id, control.steering().unsaid(), handle.version());
            config.turns().end(id);
        }
    }

    // False where the input was handed to a run that is under way in this process, or comes before this one.
    private boolean begin(List<Item> input) throws InterruptedException {
        if (config.turns().tryBegin(id)) {
            return true;
        }
        if (options.whenBusy() == WhenBusy.REJECT) {
            throw new Conversation.BusyException(id, "on another thread");
        }
        if (options.whenBusy() == WhenBusy.STEER && steerBefore(input)) {
            return false;
        }
        config.turns().begin(control);
        return true;
    }

    private boolean steerBefore(List<Item> input) {
        for (RunControl run : config.turns().runs(id)) {
            if (run == control) {
                return false;
            }
            if (run.steering().addAll(input)) {
                return true;
            }
        }
        return false;
    }

    private Outcome alone(List<Item> input, Events events) throws InterruptedException {
        ConversationLog log = handle.load(store);
        OtherOwner other = new OtherOwner(config, store, id);
        if (options.whenBusy() == WhenBusy.QUEUE) {
            log = other.awaitEnd(control, log);
        } else if (other.atWork(log.fold())) {
            if (options.whenBusy() == WhenBusy.REJECT) {
                throw new Conversation.BusyException(
                        id, "by " + log.fold().turn().owner());
            }
            Inbox.input(config, id, input);
            return new Outcome.HandedOver(nothingUsed());
        }
        control.check();
        Loop loop = new Loop(RunScope.of(config, control, events, log, options));
        control.steering().addAll(kept(log));
        loop.check(input);
        config.turns().atWork(id, true);
        try {
            return loop.run(input);
        } finally {
            config.turns().atWork(id, false);
            config.abandoned().ended(log);
            handle.moved(log);
        }
    }

    /** What an earlier run took and could not write down, without what was written all the same. */
    private List<Item> kept(ConversationLog log) {
        List<Item> items = new ArrayList<>();
        for (Turns.Unsaid kept : config.turns().takeKept(id)) {
            boolean written = log.position().version() > kept.after()
                    && store.stream(id, kept.after()).anyMatch(entry -> says(entry, kept.item()));
            if (!written) {
                items.add(kept.item());
            }
        }
        if (!items.isEmpty()) {
            LOG.info("conversation {}: {} messages of an earlier run, which failed, are said now", id, items.size());
        }
        return items;
    }

    private static boolean says(LogEntry entry, Item item) {
        return entry.kind().equals(Draft.ITEM_USER)
                && entry.payload() != null
                && Arrays.equals(entry.content(), ((ItemBytes) item).line());
    }
}
