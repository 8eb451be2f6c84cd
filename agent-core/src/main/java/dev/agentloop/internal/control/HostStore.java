package dev.agentloop.internal.control;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.Leases;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's store, as the loop uses it: whatever goes wrong in it comes out as a {@link StoreException}, and on the thread
 * of a run its calls can be interrupted when the run is to end.
 */
public final class HostStore implements ConversationStore {
    private static final Logger LOG = LoggerFactory.getLogger(HostStore.class);
    private static final StoreException.Kind READING = StoreException.Kind.UNAVAILABLE;
    private static final StoreException.Kind WRITING = StoreException.Kind.OUTCOME_UNKNOWN;

    private final ConversationStore store;
    private final @Nullable RunControl control;
    private final Object place;

    public HostStore(ConversationStore store) {
        this(store, null, store);
    }

    private HostStore(ConversationStore store, @Nullable RunControl control, Object place) {
        this.store = store;
        this.control = control;
        this.place = place;
    }

    /** The same store for a run. */
    public HostStore in(RunControl run) {
        return new HostStore(store, run, place);
    }

    /** The same store, with what stands for its identity and tenant in this process. */
    public HostStore at(Object known) {
        return new HostStore(store, control, known);
    }

    /** What tells the conversations of one store and tenant from those of others; it does not keep the store alive. */
    public Object place() {
        return place;
    }

    /** Whether there is time to do again what was not done for sure. */
    public boolean mayTryAgain() {
        return control == null || control.overBy() - System.nanoTime() > 0;
    }

    // The run whose thread this is: it keeps its own interrupts apart from the caller's, which stay.
    private @Nullable RunControl here() {
        return control != null && control.isOwner() ? control : null;
    }

    private static String done(StoreException.Kind failed) {
        return failed == READING ? "nothing was changed" : "whether it was done is not known";
    }

    private <T> T ask(StoreException.Kind failed, String what, String conversation, Callable<T> code) {
        RunControl run = here();
        T answer;
        try {
            answer = run != null ? run.store("the store's " + what, code) : code.call();
        } catch (StoreException e) {
            throw e;
        } catch (Throwable e) {
            if (failed == READING && e instanceof IllegalArgumentException argument) {
                throw argument; // What is no id is refused as that.
            }
            // The host's code throws whatever it likes.
            if (failed == READING && run != null) {
                // It was interrupted because the run is to end: then it ends, and nothing was lost.
                run.check();
            }
            if (e instanceof InterruptedException && run == null) {
                Thread.currentThread().interrupt();
            }
            throw new StoreException(
                    failed,
                    "the store failed in " + what + " of conversation " + conversation + ", so " + done(failed) + ": "
                            + e,
                    e);
        }
        if (answer == null) {
            throw new StoreException(
                    failed,
                    "the store answered null to " + what + " of conversation " + conversation
                            + ", which a store must not, so " + done(failed));
        }
        return answer;
    }

    private void tell(StoreException.Kind failed, String what, String conversation, Runnable code) {
        ask(failed, what, conversation, () -> {
            code.run();
            return true;
        });
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        return ask(WRITING, "append", conversation, () -> store.append(conversation, expected, entries));
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        return ask(READING, "read", conversation, () -> store.read(conversation, after, limit));
    }

    /** Each entry is asked for under the same rules, since the store may read as the stream is consumed. */
    @Override
    public Stream<LogEntry> stream(String conversation, long after) {
        Stream<LogEntry> entries = ask(READING, "stream", conversation, () -> store.stream(conversation, after));
        Iterator<LogEntry> all = ask(READING, "stream", conversation, entries::iterator);
        Iterator<LogEntry> asked = new Iterator<>() {
            @Override
            public boolean hasNext() {
                return ask(READING, "stream", conversation, all::hasNext);
            }

            @Override
            public LogEntry next() {
                return ask(READING, "stream", conversation, all::next);
            }
        };
        int order = Spliterator.ORDERED | Spliterator.NONNULL | Spliterator.IMMUTABLE;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(asked, order), false)
                .onClose(() -> tell(READING, "stream", conversation, entries::close));
    }

    @Override
    public List<LogEntry> load(String conversation) {
        return ask(READING, "load", conversation, () -> store.load(conversation));
    }

    @Override
    public List<LogEntry> loadAfter(String conversation, long version) {
        return ask(READING, "loadAfter", conversation, () -> store.loadAfter(conversation, version));
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        return ask(READING, "head", conversation, () -> store.head(conversation));
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        tell(WRITING, "fork", source, () -> store.fork(source, at, target));
    }

    @Override
    public List<Listed> list(String before, int limit) {
        return ask(READING, "list", "\"" + before + "\"", () -> store.list(before, limit));
    }

    @Override
    public void erase(String conversation, Map<Long, byte[]> marks) {
        tell(WRITING, "erase", conversation, () -> store.erase(conversation, marks));
    }

    @Override
    public List<String> sharing(String conversation, long version) {
        return ask(READING, "sharing", conversation, () -> store.sharing(conversation, version));
    }

    @Override
    public void delete(String conversation) {
        tell(WRITING, "delete", conversation, () -> store.delete(conversation));
    }

    @Override
    public boolean leave(String conversation, InboxMessage message) {
        return ask(WRITING, "leave", conversation, () -> store.leave(conversation, message));
    }

    @Override
    public List<InboxMessage> inbox(String conversation) {
        return ask(READING, "inbox", conversation, () -> store.inbox(conversation));
    }

    @Override
    public Set<String> waiting(Collection<String> conversations) {
        return ask(
                READING,
                "waiting",
                "of " + conversations.size() + " conversations",
                () -> Set.copyOf(store.waiting(conversations)));
    }

    @Override
    public void removeMessages(String conversation, Collection<String> ids) {
        tell(WRITING, "removeMessages", conversation, () -> store.removeMessages(conversation, ids));
    }

    @Override
    public Leases leases() {
        return new HostLeases(ask(READING, "leases", "of this process", store::leases));
    }

    /** The store's leases, under the same rules. */
    private final class HostLeases implements Leases {
        private final Leases leases;

        HostLeases(Leases leases) {
            this.leases = leases;
        }

        @Override
        public String process() {
            return ask(READING, "leases.process", "of this process", leases::process);
        }

        @Override
        public boolean alive(String process) throws InterruptedException {
            InterruptedException[] interrupted = new InterruptedException[1];
            boolean alive = ask(READING, "leases.alive", "of process " + process, () -> {
                try {
                    return leases.alive(process);
                } catch (InterruptedException e) {
                    interrupted[0] = e;
                    return true;
                }
            });
            if (interrupted[0] != null) {
                RunControl run = here();
                if (run != null) {
                    run.check();
                }
                throw interrupted[0];
            }
            return alive;
        }

        @Override
        public boolean ended(String process) {
            return ask(READING, "leases.ended", "of process " + process, () -> leases.ended(process));
        }

        @Override
        public boolean held(long since) {
            return ask(READING, "leases.held", "of this process", () -> leases.held(since));
        }
    }

    /** What the store says that it is, or the store object itself where it says nothing that can be compared. */
    @Override
    public Object identity() {
        try {
            Object identity = store.identity();
            if (identity != null && sameAs(identity, identity)) {
                return identity;
            }
            LOG.warn("the identity of the store is {}, so this store is taken for one of its own", what(identity));
        } catch (Throwable e) {
            // The host's code throws whatever it likes.
            LOG.warn("the identity of the store failed, so this store is taken for one of its own", e);
        }
        return new Itself(store);
    }

    // Asked twice of one object: a host's equals and hashCode may answer as they like.
    private static boolean sameAs(Object one, Object other) {
        int hash = one.hashCode();
        return one.equals(other) && hash == other.hashCode();
    }

    private static String what(@Nullable Object identity) {
        return identity == null ? "null" : "a " + identity.getClass().getName() + " that does not equal itself";
    }

    /** A store, whatever its own equals says. */
    private static final class Itself {
        private final ConversationStore store;

        Itself(ConversationStore store) {
            this.store = store;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Itself itself && itself.store == store;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(store);
        }
    }

    @Override
    public String tenant() {
        return ask(READING, "tenant", "of this process", store::tenant);
    }

    @Override
    public Collection<Path> locations() {
        return ask(READING, "locations", "of this process", store::locations);
    }

    @Override
    public void close() {
        store.close();
    }
}
