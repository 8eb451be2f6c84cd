package dev.agentloop.internal.turn;

import dev.agentloop.BusyException;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.TurnState;
import dev.agentloop.spi.Leases;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A turn that another loop, mostly of another process, has begun and not ended: whether it is still at work. */
public final class OtherOwner {
    private static final long LOOK_AGAIN_MILLIS = 250;

    private final String owner;
    private final HostStore store;
    private final String conversation;

    public OtherOwner(String owner, HostStore store, String conversation) {
        this.owner = owner;
        this.store = store;
        this.conversation = conversation;
    }

    /**
     * Whether another loop is at work on the turn that the log has open. Asks the store, and may take as long as its bound
     * where that loop's process has died.
     */
    public boolean atWork(Fold fold) throws InterruptedException {
        String process = TurnState.process(fold.turn().owner());
        if (fold.turn().underWay() == 0
                || process.isEmpty()
                || fold.turn().owner().equals(owner)) {
            return false;
        }
        Leases leases = store.leases();
        if (process.equals(leases.process())) {
            return ConversationLocks.atWork(fold.turn().owner(), conversation);
        }
        boolean abandoned = AbandonedTurns.told(store, conversation, fold.turn().underWay());
        return !abandoned && leases.alive(process);
    }

    /** Waits until nobody is at work any more; gives the log as it is then. */
    public Log awaitEnd(RunControl run, Log log) throws InterruptedException {
        Log now = log;
        while (atWork(now.fold())) {
            run.await("the turn of another process", () -> TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS));
            if (!store.head(conversation).equals(Optional.of(now.position()))) {
                now = Log.load(store, conversation);
            }
        }
        return now;
    }

    /** The same; an interrupt of this thread counts as yes, and is kept. */
    public boolean mayBeAtWork(Fold fold) {
        try {
            return atWork(fold);
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
    public void refuse(Fold fold) {
        if (mayBeAtWork(fold)) {
            throw new BusyException(conversation, "by " + fold.turn().owner());
        }
    }
}
