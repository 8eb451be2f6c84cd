package dev.agentloop.internal.turn;

import dev.agentloop.Item;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.spi.LogPosition;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Which conversations a loop is changing right now: one thread at a time each, in the order in which they asked; and the
 * runs of each, those that wait included.
 *
 * <p>Thread-safe.
 */
public final class ConversationLocks {
    // Of all loops of this process, so that one can tell that a turn another one began is over.
    private static final Set<String> AT_WORK = ConcurrentHashMap.newKeySet();

    private final Map<String, Slot> slots = new ConcurrentHashMap<>();
    private final Map<String, List<Unsaid>> unsaid = new ConcurrentHashMap<>();
    private final Map<String, LogPosition> unasked = new ConcurrentHashMap<>();
    private final String owner;

    public ConversationLocks(String owner) {
        this.owner = owner;
    }

    /** A conversation that somebody changes or waits for. */
    private static final class Slot {
        private final Semaphore free = new Semaphore(1, true);
        private final Set<RunControl> runs = new LinkedHashSet<>();
        private int users;
    }

    /**
     * What a run took from users of this process and could not write down.
     *
     * @param after the version of the log that it was to follow
     */
    public record Unsaid(Item item, long after) {}

    /** Lets others see a run of the conversation, from before it has its turn. */
    public void enter(RunControl run) {
        slots.compute(run.conversation(), (id, known) -> {
            Slot slot = used(known);
            slot.runs.add(run);
            return slot;
        });
    }

    /** Ends what {@link #enter} began. */
    public void leave(RunControl run) {
        slots.computeIfPresent(run.conversation(), (id, slot) -> {
            slot.runs.remove(run);
            return unused(slot);
        });
    }

    private static Slot used(@Nullable Slot known) {
        Slot slot = known == null ? new Slot() : known;
        slot.users++;
        return slot;
    }

    private static @Nullable Slot unused(Slot slot) {
        return --slot.users == 0 ? null : slot;
    }

    /** The runs of a conversation that are under way or wait, in the order in which they came. */
    public List<RunControl> runs(String conversation) {
        List<RunControl> runs = new ArrayList<>();
        slots.computeIfPresent(conversation, (id, slot) -> {
            runs.addAll(slot.runs);
            return slot;
        });
        return runs;
    }

    /** Begins to change a conversation; false if somebody does already. */
    public boolean tryBegin(String conversation) {
        Slot slot = slots.compute(conversation, (id, known) -> used(known));
        if (slot.free.tryAcquire()) {
            return true;
        }
        slots.computeIfPresent(conversation, (id, known) -> unused(known));
        return false;
    }

    /** Begins to change a conversation once all who asked before are done; {@link RunEnd} if the run was ended. */
    public void begin(RunControl run) throws InterruptedException {
        Slot slot = slots.compute(run.conversation(), (id, known) -> used(known));
        boolean[] acquired = {false};
        boolean begun = false;
        try {
            run.await("the turn of another run", () -> {
                slot.free.acquire();
                acquired[0] = true;
            });
            begun = true;
        } finally {
            if (!begun && acquired[0]) {
                // The run was ended in the very moment in which its turn had come.
                end(run.conversation());
            } else if (!begun) {
                slots.computeIfPresent(run.conversation(), (id, known) -> unused(known));
            }
        }
    }

    /** Ends what was begun. */
    public void end(String conversation) {
        slots.computeIfPresent(conversation, (id, slot) -> {
            slot.free.release();
            return unused(slot);
        });
    }

    /** Notes whether a run of this loop is at work on the conversation. */
    public void atWork(String conversation, boolean working) {
        if (working) {
            AT_WORK.add(owner + conversation);
        } else {
            AT_WORK.remove(owner + conversation);
        }
    }

    /** Whether an owner of this process is running the conversation. */
    static boolean atWork(String owner, String conversation) {
        return AT_WORK.contains(owner + conversation);
    }

    /** Notes that a run could not write any more behind this position, and has sent no request that is not answered there. */
    public void unasked(String conversation, LogPosition at) {
        unasked.put(conversation, at);
    }

    /** Whether a run of this loop may have sent a request that is not answered by the log up to there; forgets what it knew. */
    public boolean mayHaveAsked(String conversation, LogPosition at) {
        return !at.equals(unasked.remove(conversation));
    }

    /** Keeps what a run could not write down, for the next run of this conversation. */
    public void keep(String conversation, List<Item> items, long after) {
        if (!items.isEmpty()) {
            List<Unsaid> kept =
                    items.stream().map(item -> new Unsaid(item, after)).toList();
            unsaid.merge(conversation, kept, (before, more) -> {
                List<Unsaid> all = new ArrayList<>(before);
                all.addAll(more);
                return all;
            });
        }
    }

    /** Hands out what was kept. */
    public List<Unsaid> takeKept(String conversation) {
        List<Unsaid> kept = unsaid.remove(conversation);
        return kept == null ? List.of() : kept;
    }
}
