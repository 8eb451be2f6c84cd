package dev.agentloop;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Which conversations a loop is changing right now: one thread at a time each, in the order in which they asked.
 *
 * <p>Thread-safe.
 */
final class Turns {
    // Of all loops of this process, so that one can tell that a turn another one began is over.
    private static final Set<String> AT_WORK = ConcurrentHashMap.newKeySet();

    private final Map<String, Slot> slots = new ConcurrentHashMap<>();
    private final String owner;

    Turns(String owner) {
        this.owner = owner;
    }

    /** A conversation that somebody changes or waits for. */
    private static final class Slot {
        private final Semaphore free = new Semaphore(1, true);
        private int users;
        private volatile @Nullable Loop running;
    }

    /** Begins to change a conversation; false if somebody does already. */
    boolean tryBegin(String conversation) {
        Slot slot = enter(conversation);
        if (slot.free.tryAcquire()) {
            return true;
        }
        leave(conversation);
        return false;
    }

    /** Begins to change a conversation once everybody who asked before is done. */
    void begin(String conversation) throws InterruptedException {
        Slot slot = enter(conversation);
        try {
            slot.free.acquire();
        } catch (InterruptedException e) {
            leave(conversation);
            throw e;
        }
    }

    private Slot enter(String conversation) {
        return slots.compute(conversation, (id, known) -> {
            Slot slot = known == null ? new Slot() : known;
            slot.users++;
            return slot;
        });
    }

    private void leave(String conversation) {
        slots.computeIfPresent(conversation, (id, slot) -> --slot.users == 0 ? null : slot);
    }

    /** Ends what was begun. */
    void end(String conversation) {
        Slot slot = slots.get(conversation);
        if (slot != null) {
            slot.free.release();
            leave(conversation);
        }
    }

    /** The run that is under way in this loop, or null. */
    @Nullable
    Loop running(String conversation) {
        Slot slot = slots.get(conversation);
        return slot == null ? null : slot.running;
    }

    /** Notes the run that is under way, or with null that it is over; by whoever has begun to change the conversation. */
    void running(String conversation, @Nullable Loop loop) {
        Slot slot = slots.get(conversation);
        if (slot != null) {
            slot.running = loop;
        }
        if (loop == null) {
            AT_WORK.remove(owner + conversation);
        } else {
            AT_WORK.add(owner + conversation);
        }
    }

    /** Whether an owner of this process is running the conversation. */
    static boolean atWork(String owner, String conversation) {
        return AT_WORK.contains(owner + conversation);
    }
}
