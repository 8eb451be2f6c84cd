package dev.agentloop.internal.run;

import dev.agentloop.BusyException;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.turn.Inbox;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.lang.ref.SoftReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The log of one conversation as its handle knows it: where it stands, and who of this process may change it. Thread-safe.
 */
public final class LogHandle {
    private final Agent agent;
    private final String id;
    private volatile LogPosition position;
    private volatile boolean inDoubt;
    // Between the appends of a host's own loop the log need not be read again; memory pressure may take it.
    private SoftReference<@Nullable Log> recent = new SoftReference<>(null);

    public LogHandle(Agent agent, String id, LogPosition position) {
        this.agent = agent;
        this.id = id;
        this.position = position;
    }

    /** What changes the conversation while nothing else does. */
    public interface Change<T, E extends Exception> {
        T make() throws E;
    }

    public long version() {
        return position.version();
    }

    /** Reads the log for a run, with whose end the run's calls of the store can be interrupted. */
    Log load(HostStore from) {
        recent.clear();
        boolean begun = position.version() > 0 || inDoubt && from.head(id).isPresent();
        return begun ? Log.load(from, id) : Log.begin(from, id);
    }

    /** A run has left the log there. */
    void moved(Log log) {
        position = log.position();
        inDoubt = log.inDoubt();
    }

    /** The log; by whoever has begun to change the conversation. */
    Log log() {
        Log log = recent.get();
        // What was erased in a conversation that shares entries with this one was read before that.
        if (log == null || !log.position().equals(position) || Inbox.toldOfRedaction(agent.store(), id)) {
            log = load(agent.store());
            recent = new SoftReference<>(log);
        }
        return log;
    }

    /** Reads from the log; while somebody changes the conversation, from what the store has. */
    public <T> T reading(Function<Log, T> read) {
        if (!agent.turns().tryBegin(id)) {
            HostStore store = agent.store();
            return read.apply(store.head(id).isPresent() ? Log.load(store, id) : Log.begin(store, id));
        }
        try {
            return read.apply(log());
        } finally {
            agent.turns().end(id);
        }
    }

    // What was added may be in the fold and not in the store; what was committed before the failure is in both.
    private void refused() {
        Log log = recent.get();
        if (log != null && !log.inDoubt()) {
            position = log.position();
        }
        recent.clear();
    }

    /**
     * Changes the conversation.
     *
     * @throws BusyException if somebody does already
     * @throws IllegalStateException if the agent is closed
     */
    <T, E extends Exception> T changing(Change<T, E> change) throws E {
        agent.parts().runs().checkOpen();
        if (!agent.turns().tryBegin(id)) {
            throw new BusyException(id, "on another thread");
        }
        boolean made = false;
        try {
            T result = change.make();
            Log log = recent.get();
            if (log != null) {
                moved(log);
            }
            made = true;
            return result;
        } catch (StoreException e) {
            inDoubt |= e.kind() == StoreException.Kind.OUTCOME_UNKNOWN;
            throw e;
        } finally {
            if (!made) {
                refused();
            }
            agent.turns().end(id);
        }
    }
}
