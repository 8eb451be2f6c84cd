package dev.agentloop;

import dev.agentloop.spi.Leases;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A turn that another loop, mostly of another process, has begun and not ended: whether it is still at work. */
final class OtherOwner {
    private static final long LOOK_AGAIN_MILLIS = 250;

    private final LoopConfig config;
    private final HostStore store;
    private final String conversation;

    OtherOwner(LoopConfig config, HostStore store, String conversation) {
        this.config = config;
        this.store = store;
        this.conversation = conversation;
    }

    /** The name of a loop in logs: the process that the store knows, and which loop of it. */
    static String name(Leases leases, String loop) {
        return leases.process().isEmpty() ? loop : leases.process() + "/" + loop;
    }

    /** The process in such a name; empty where the store knows none. */
    static String process(String owner) {
        int end = owner.indexOf('/');
        return end < 0 ? "" : owner.substring(0, end);
    }

    /**
     * Whether another loop is at work on the turn that the log has open. Asks the store, and may take as long as its bound
     * where that loop's process has died.
     */
    boolean atWork(Fold fold) throws InterruptedException {
        String process = process(fold.turn().owner());
        if (fold.turn().underWay() == 0
                || process.isEmpty()
                || fold.turn().owner().equals(config.owner())) {
            return false;
        }
        Leases leases = store.leases();
        if (process.equals(leases.process())) {
            return Turns.atWork(fold.turn().owner(), conversation);
        }
        boolean abandoned = AbandonedTurns.told(store, conversation, fold.turn().underWay());
        return !abandoned && leases.alive(process);
    }

    /** Waits until nobody is at work any more; gives the log as it is then. */
    ConversationLog awaitEnd(RunControl run, ConversationLog log) throws InterruptedException {
        ConversationLog now = log;
        while (atWork(now.fold())) {
            run.await("the turn of another process", () -> TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS));
            if (!store.head(conversation).equals(Optional.of(now.position()))) {
                now = ConversationLog.load(store, conversation);
            }
        }
        return now;
    }
}
