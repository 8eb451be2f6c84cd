package dev.agentloop.internal.turn;

import dev.agentloop.Item;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.spi.LogPosition;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which conversations of a store and tenant this process is changing right now, whatever number of agents use them: one thread
 * at a time each, in the order in which they asked; and the runs of each, those that wait included.
 *
 * <p>They are found by what the store says that it is ({@link dev.agentloop.spi.ConversationStore#identity}), and live as long
 * as that object: as the store, mostly, or the last agent on it. Thread-safe.
 */
public final class ConversationLocks {
    private static final Logger LOG = LoggerFactory.getLogger(ConversationLocks.class);
    // Of all stores: where two of one process do not say that they are the same, the log still names the owner.
    private static final Set<String> AT_WORK = ConcurrentHashMap.newKeySet();
    private static final Map<Key, List<Known>> ALL = new HashMap<>();
    private static final ReferenceQueue<Object> UNUSED = new ReferenceQueue<>();

    // Keeps the object by which other agents find the same state.
    @SuppressWarnings("unused")
    private final Object identity;

    private final State state;

    private ConversationLocks(Object identity, State state) {
        this.identity = identity;
        this.state = state;
    }

    /** What the agents on one store and tenant share. */
    private static final class State {
        private final Map<String, Slot> slots = new ConcurrentHashMap<>();
        private final Map<String, List<Unsaid>> unsaid = new ConcurrentHashMap<>();
        private final Map<String, LogPosition> unasked = new ConcurrentHashMap<>();
        private final InboxPoll poll = new InboxPoll();
        // How the names of these agents begin as owners of turns.
        private final String name = ProcessHandle.current().pid() + "-" + UUID.randomUUID();
        private final AtomicLong owners = new AtomicLong();
    }

    private record Key(int hash, String tenant) {}

    /** What is known of an identity, as long as somebody has that object. */
    private static final class Known extends WeakReference<Object> {
        private final Key key;
        private final State state = new State();

        Known(Object identity, Key key) {
            super(identity, UNUSED);
            this.key = key;
        }

        @Nullable
        ConversationLocks of(Object other) {
            Object identity = get();
            return identity != null && same(identity, other) ? new ConversationLocks(identity, state) : null;
        }
    }

    /** The locks of a store of this identity, for a tenant. */
    public static ConversationLocks of(Object identity, String tenant) {
        Key key = new Key(identity.hashCode(), tenant);
        while (true) {
            List<Known> before = known(key);
            // Not under the lock of all: how long a host's equals takes is not known.
            for (Known known : before) {
                ConversationLocks locks = known.of(identity);
                if (locks != null) {
                    return locks;
                }
            }
            Known added = new Known(identity, key);
            synchronized (ALL) {
                if (ALL.getOrDefault(key, List.of()) == before) {
                    List<Known> after = new ArrayList<>(before);
                    after.add(added);
                    ALL.put(key, List.copyOf(after));
                    return new ConversationLocks(identity, added.state);
                }
            }
        }
    }

    private static boolean same(Object identity, Object other) {
        try {
            return identity.equals(other);
        } catch (Throwable e) {
            // The host's code throws whatever it likes.
            LOG.warn("the identity of a store cannot be compared, so it is taken for one of its own", e);
            return false;
        }
    }

    private static List<Known> known(Key key) {
        synchronized (ALL) {
            for (Reference<?> unused = UNUSED.poll(); unused != null; unused = UNUSED.poll()) {
                Known gone = (Known) unused;
                ALL.computeIfPresent(gone.key, (same, all) -> {
                    List<Known> rest =
                            all.stream().filter(known -> known != gone).toList();
                    return rest.isEmpty() ? null : rest;
                });
            }
            return ALL.getOrDefault(key, List.of());
        }
    }

    /** How many identities are known; those included that were just given up. */
    public static int count() {
        synchronized (ALL) {
            return ALL.values().stream().mapToInt(List::size).sum();
        }
    }

    /** A name for another owner of turns, in a process of that name. */
    public String nextOwner(String process) {
        return (process.isEmpty() ? "" : process + "/") + state.name + "-" + state.owners.incrementAndGet();
    }

    /** Whether it is one of those whose turns these locks keep apart: whoever has a lock knows that it is not at work. */
    boolean isOwner(String name) {
        return name.startsWith(state.name + "-", name.indexOf('/') + 1);
    }

    /** What stands for the store and tenant, and does not keep the store alive. */
    public Object place() {
        return state;
    }

    /** The look into the inboxes of all runs that are at work. */
    public InboxPoll poll() {
        return state.poll;
    }

    /** Has a run that is at work look into its inbox, on its own thread, when something was left there; until it leaves. */
    public void watch(RunControl run, HostStore store, Runnable look) {
        state.poll.add(run, store, look);
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
        state.slots.compute(run.conversation(), (id, known) -> {
            Slot slot = used(known);
            slot.runs.add(run);
            return slot;
        });
    }

    /** Ends what {@link #enter} began. */
    public void leave(RunControl run) {
        state.poll.remove(run);
        state.slots.computeIfPresent(run.conversation(), (id, slot) -> {
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
        state.slots.computeIfPresent(conversation, (id, slot) -> {
            runs.addAll(slot.runs);
            return slot;
        });
        return runs;
    }

    /** Begins to change a conversation; false if somebody does already. */
    public boolean tryBegin(String conversation) {
        Slot slot = state.slots.compute(conversation, (id, known) -> used(known));
        if (slot.free.tryAcquire()) {
            return true;
        }
        state.slots.computeIfPresent(conversation, (id, known) -> unused(known));
        return false;
    }

    /** Begins to change a conversation once all who asked before are done; {@link RunEnd} if the run was ended. */
    public void begin(RunControl run) throws InterruptedException {
        Slot slot = state.slots.compute(run.conversation(), (id, known) -> used(known));
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
                state.slots.computeIfPresent(run.conversation(), (id, known) -> unused(known));
            }
        }
    }

    /** Ends what was begun. */
    public void end(String conversation) {
        state.slots.computeIfPresent(conversation, (id, slot) -> {
            slot.free.release();
            return unused(slot);
        });
    }

    /** Notes whether a run of that owner is at work on the conversation. */
    public static void atWork(String owner, String conversation, boolean working) {
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
        state.unasked.put(conversation, at);
    }

    /** Whether a run of this loop may have sent a request that is not answered by the log up to there; forgets what it knew. */
    public boolean mayHaveAsked(String conversation, LogPosition at) {
        return !at.equals(state.unasked.remove(conversation));
    }

    /** Keeps what a run could not write down, for the next run of this conversation by whichever agent. */
    public void keep(String conversation, List<Item> items, long after) {
        if (!items.isEmpty()) {
            List<Unsaid> kept =
                    items.stream().map(item -> new Unsaid(item, after)).toList();
            state.unsaid.merge(conversation, kept, (before, more) -> {
                List<Unsaid> all = new ArrayList<>(before);
                all.addAll(more);
                return all;
            });
        }
    }

    /** Hands out what was kept. */
    public List<Unsaid> takeKept(String conversation) {
        List<Unsaid> kept = state.unsaid.remove(conversation);
        return kept == null ? List.of() : kept;
    }
}
