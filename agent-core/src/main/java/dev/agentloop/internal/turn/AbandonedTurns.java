package dev.agentloop.internal.turn;

import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.Work;
import dev.agentloop.internal.control.Workers;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.TurnState;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.StoreException;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * ConversationLocks that a run of this loop left open because the store failed. Other processes see this one alive and would wait for
 * it, so it leaves a message for them in the conversation's inbox, as soon as the store takes one. Whoever finds it takes
 * the turn over as from a process that died, and with its next turn takes the message out.
 *
 * <p>Tries on until it is told or the loop is closed, on one thread of the loop's while there is something to tell.
 * Thread-safe.
 */
public final class AbandonedTurns {
    private static final Logger LOG = LoggerFactory.getLogger(AbandonedTurns.class);
    private static final String KIND = "turn.abandoned";
    private static final long SHORTEST_WAIT_MILLIS = 250;
    private static final long LONGEST_WAIT_MILLIS = 30_000;

    private final HostStore store;
    private final Workers workers;
    private final String owner;
    private final Set<String> untold = new LinkedHashSet<>();
    private boolean telling;

    public AbandonedTurns(HostStore store, Workers workers, String owner) {
        this.store = store;
        this.workers = workers;
        this.owner = owner;
    }

    /** Whether the owner of that turn has said that it is not at work on it any more. Asks the store. */
    static boolean told(ConversationStore store, String conversation, long turn) {
        String id = message(turn);
        return store.inbox(conversation).stream()
                .anyMatch(message -> message.id().equals(id));
    }

    private static String message(long turn) {
        return KIND + ":" + turn;
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
            store.leave(conversation, InboxMessage.of(message(turn.underWay()), KIND, Inbox.NOTHING));
            LOG.info(
                    "conversation {}: left it to others to take over the turn of version {}, which the store's failure"
                            + " left open",
                    conversation,
                    turn.underWay());
        }
    }
}
