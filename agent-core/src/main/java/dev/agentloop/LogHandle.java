package dev.agentloop;

import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.lang.ref.SoftReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The log of one conversation as its handle knows it: where it stands, and who of this process may change it. Thread-safe.
 */
final class LogHandle {
    private final LoopConfig config;
    private final String id;
    private volatile LogPosition position;
    private volatile boolean inDoubt;
    // Between the appends of a host's own loop the log need not be read again; memory pressure may take it.
    private SoftReference<@Nullable ConversationLog> recent = new SoftReference<>(null);

    LogHandle(LoopConfig config, String id, LogPosition position) {
        this.config = config;
        this.id = id;
        this.position = position;
    }

    /** What changes the conversation while nothing else does. */
    interface Change<T, E extends Exception> {
        T make() throws E;
    }

    long version() {
        return position.version();
    }

    /** Reads the log for a run, with whose end the run's calls of the store can be interrupted. */
    ConversationLog load(HostStore store) {
        recent.clear();
        boolean begun = position.version() > 0 || inDoubt && store.head(id).isPresent();
        return begun ? ConversationLog.load(store, id) : ConversationLog.begin(store, id);
    }

    /** A run has left the log there. */
    void moved(ConversationLog log) {
        position = log.position();
        inDoubt = log.inDoubt();
    }

    /** The log; by whoever has begun to change the conversation. */
    ConversationLog log() {
        ConversationLog log = recent.get();
        if (log == null || !log.position().equals(position)) {
            log = load(config.store());
            recent = new SoftReference<>(log);
        }
        return log;
    }

    /** Reads from the log; while somebody changes the conversation, from what the store has. */
    <T> T reading(Function<ConversationLog, T> read) {
        if (!config.turns().tryBegin(id)) {
            HostStore store = config.store();
            return read.apply(
                    store.head(id).isPresent() ? ConversationLog.load(store, id) : ConversationLog.begin(store, id));
        }
        try {
            return read.apply(log());
        } finally {
            config.turns().end(id);
        }
    }

    /**
     * Changes the conversation.
     *
     * @throws Conversation.BusyException if somebody does already
     * @throws IllegalStateException if the agent is closed
     */
    <T, E extends Exception> T changing(Change<T, E> change) throws E {
        config.runs().checkOpen();
        if (!config.turns().tryBegin(id)) {
            throw new Conversation.BusyException(id, "on another thread");
        }
        try {
            T result = change.make();
            ConversationLog log = recent.get();
            if (log != null) {
                moved(log);
            }
            return result;
        } catch (StoreException e) {
            recent.clear();
            inDoubt |= e.kind() == StoreException.Kind.OUTCOME_UNKNOWN;
            throw e;
        } finally {
            config.turns().end(id);
        }
    }
}
