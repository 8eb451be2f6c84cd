package dev.agentloop.internal.turn;

import dev.agentloop.BusyException;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.Work;
import dev.agentloop.internal.control.Workers;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.TurnState;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.Leases;
import dev.agentloop.spi.StoreException;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whose turn the log of a conversation has open: whether another loop, mostly of another process, is still at work on it; and
 * the word to others that this loop is not.
 *
 * <p>Other processes see this one alive, and would wait for a turn that it left open because the store failed. So it leaves a
 * message for them in the conversation's inbox, as soon as the store takes one: it tries on until it is told or the loop is
 * closed, on one thread of the loop's while there is something to tell. Whoever finds it takes the turn over as from a process
 * that died, and with its next turn takes the message out. Thread-safe.
 */
public final class Ownership {
    private static final Logger LOG = LoggerFactory.getLogger(Ownership.class);
    private static final String ABANDONED = "turn.abandoned";
    private static final long SHORTEST_WAIT_MILLIS = 250;
    private static final long LONGEST_WAIT_MILLIS = 30_000;

    private final HostStore store;
    private final Workers workers;
    private final String owner;
    private final ConversationLocks turns;
    private final Set<String> untold = new LinkedHashSet<>();
    private boolean telling;

    /** Of the loop of that name. */
    public Ownership(HostStore store, Workers workers, String owner, ConversationLocks turns) {
        this.store = store;
        this.workers = workers;
        this.owner = owner;
        this.turns = turns;
    }

    /**
     * Whether somebody who is not kept out by {@link ConversationLocks} is at work on the turn that the log has open: mostly a
     * loop of another process. Asks the store, and may take as long as its bound
     * where that loop's process has died.
     */
    public boolean otherAtWork(Log log) throws InterruptedException {
        TurnState turn = log.fold().turn();
        String process = TurnState.process(turn.owner());
        if (turn.underWay() == 0 || process.isEmpty() || turns.isOwner(turn.owner())) {
            return false;
        }
        Leases leases = log.store().leases();
        if (process.equals(leases.process())) {
            return ConversationLocks.atWork(turn.owner(), log.id());
        }
        String abandoned = message(turn.underWay());
        return log.store().inbox(log.id()).stream()
                        .noneMatch(message -> message.id().equals(abandoned))
                && leases.alive(process);
    }

    private static String message(long turn) {
        return ABANDONED + ":" + turn;
    }

    /** Waits until no other is at work any more; gives the log as it is then. */
    public Log awaitOther(RunControl run, Log log) throws InterruptedException {
        Log now = log;
        while (otherAtWork(now)) {
            run.await("the turn of another process", () -> TimeUnit.MILLISECONDS.sleep(SHORTEST_WAIT_MILLIS));
            now = now.current().orElseThrow(() -> Log.notFound(log.id()));
        }
        return now;
    }

    /** Whether another may be at work; an interrupt of this thread counts as yes, and is kept. */
    public boolean otherMayBeAtWork(Log log) {
        try {
            return otherAtWork(log);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /**
     * Refuses to change a conversation that another loop is at work on: an append would take the turn from it.
     *
     * @throws BusyException if one is
     */
    public void refuseOther(Log log) {
        if (otherMayBeAtWork(log)) {
            throw new BusyException(log.id(), "by " + log.fold().turn().owner());
        }
    }

    /** Takes note of a run that is over, and returns at once. */
    public synchronized void ended(Log log) {
        if (!log.mayBeOpen() || TurnState.process(owner).isEmpty()) {
            return;
        }
        untold.add(log.id());
        if (!telling) {
            try {
                workers.execute(new Work("agentloop abandoned turns", unwanted -> tellAll()));
                telling = true;
            } catch (IllegalStateException e) {
                LOG.info("conversation {}: the turn stays open: {}", log.id(), e.getMessage());
            }
        }
    }

    private void tellAll() {
        long wait = SHORTEST_WAIT_MILLIS;
        String next = next();
        while (next != null) {
            try {
                tell(next);
                wait = SHORTEST_WAIT_MILLIS;
            } catch (StoreException e) {
                if (e.kind() == StoreException.Kind.UNAVAILABLE || e.kind() == StoreException.Kind.OUTCOME_UNKNOWN) {
                    LOG.debug("conversation {}: not told yet that its turn was abandoned: {}", next, e.getMessage());
                    if (!later(next, wait)) {
                        return;
                    }
                    wait = Math.min(2 * wait, LONGEST_WAIT_MILLIS);
                } else {
                    LOG.warn("conversation {}: cannot tell that its turn was abandoned", next, e);
                }
            } catch (RuntimeException e) {
                LOG.warn("conversation {}: cannot tell that its turn was abandoned", next, e);
            }
            next = next();
        }
    }

    private synchronized @Nullable String next() {
        Iterator<String> all = untold.iterator();
        telling = all.hasNext();
        if (!telling) {
            return null;
        }
        String next = all.next();
        all.remove();
        return next;
    }

    // False where the loop was closed meanwhile.
    private boolean later(String conversation, long millis) {
        synchronized (this) {
            untold.add(conversation);
        }
        boolean closed;
        try {
            closed = workers.closedWithin(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            closed = true;
        }
        if (closed) {
            LOG.info("conversation {}: the turn stays open; this loop is closed", conversation);
        }
        return !closed;
    }

    // Of a new run, which may have begun meanwhile, the turn has another version, and of it nothing is said.
    private void tell(String conversation) {
        if (ConversationLocks.atWork(owner, conversation)
                || store.head(conversation).isEmpty()) {
            return;
        }
        TurnState turn = Log.load(store, conversation).fold().turn();
        if (turn.underWay() != 0 && turn.owner().equals(owner)) {
            store.leave(conversation, InboxMessage.of(message(turn.underWay()), ABANDONED, Inbox.NOTHING));
            LOG.info(
                    "conversation {}: left it to others to take over the turn of version {}, which the store's failure"
                            + " left open",
                    conversation,
                    turn.underWay());
        }
    }
}
