package dev.agentloop.internal.run;

import dev.agentloop.BusyException;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.LogCache;
import dev.agentloop.spi.LogPosition;
import java.util.Optional;
import java.util.function.Function;

/**
 * The log of one conversation as its handle knows it: where it stands, and who of this process may change it. The log itself is
 * in the agent's cache or in the hands of whoever works with it. Thread-safe.
 */
public final class LogHandle {
    private final Agent agent;
    private final String id;
    private volatile LogPosition position;
    private volatile boolean inDoubt;

    public LogHandle(Agent agent, String id, LogPosition position) {
        this.agent = agent;
        this.id = id;
        this.position = position;
    }

    /** What changes the conversation while nothing else does. */
    interface Change<T, E extends Exception> {
        T make(Log log) throws E;
    }

    public long version() {
        return position.version();
    }

    private LogCache logs() {
        return agent.parts().logs();
    }

    /**
     * The log for whoever has begun to change the conversation, by a store with whose run's end its calls can be interrupted.
     * It is to be given back with {@link #moved} and, where all went well, {@link #keep}.
     */
    Log take(HostStore from) {
        if (position.version() == 0 && !inDoubt) {
            return Log.begin(from, id);
        }
        return logs().take(from, id).orElseGet(() -> begin(from));
    }

    private Log begin(HostStore from) {
        if (position.version() > 0) {
            throw Log.notFound(id);
        }
        return Log.begin(from, id);
    }

    /** The log stands there now. */
    void moved(Log log) {
        position = log.position();
        inDoubt = log.inDoubt();
    }

    /** Keeps the log for whoever needs it next; the caller uses it no more. */
    void keep(Log log) {
        logs().keep(log);
    }

    /** Reads from the log as the store has it, whoever is changing it meanwhile; empty where the store has none. */
    public <T> Optional<T> ifStored(Function<Log, T> read) {
        return logs().take(agent.store(), id).map(log -> {
            T result = read.apply(log);
            logs().keep(log);
            return result;
        });
    }

    /** Reads from the log as the store has it, whoever is changing it meanwhile; a new conversation has an empty one. */
    public <T> T reading(Function<Log, T> read) {
        return ifStored(read).orElseGet(() -> read.apply(begin(agent.store())));
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
        try {
            Log log = take(agent.store());
            T result;
            try {
                result = change.make(log);
            } finally {
                moved(log);
            }
            keep(log);
            return result;
        } finally {
            agent.turns().end(id);
        }
    }
}
