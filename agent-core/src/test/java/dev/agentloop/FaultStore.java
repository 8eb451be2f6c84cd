package dev.agentloop;

import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.Leases;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A store that works, of a process with a name, with the faults of a cell. Its leases never hold, so the head is asked for. */
final class FaultStore extends ForwardingStore {
    private final FaultCell cell;
    private final String process;

    FaultStore(ConversationStore store, FaultCell cell, String process) {
        super(store);
        this.cell = cell;
        this.process = process;
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        try {
            cell.append(1);
            boolean last = entries.stream().anyMatch(entry -> entry.kind().equals(Entry.TURN_ENDED));
            String name = last && cell.callback.startsWith("store.append last") ? "store.append last" : "store.append";
            return cell.quietly(
                    name, () -> cell.at(name + " down", () -> super.append(conversation, expected, entries)));
        } finally {
            cell.append(-1);
        }
    }

    @Override
    public List<LogEntry> load(String conversation) {
        return cell.quietly("store.load", () -> super.load(conversation));
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        return cell.quietly("store.head", () -> super.head(conversation));
    }

    @Override
    public List<InboxMessage> inbox(String conversation) {
        return cell.quietly("store.inbox", () -> super.inbox(conversation));
    }

    // Its runs look into their inboxes when something may have been left for them.
    @Override
    public Set<String> waiting(Collection<String> conversations) {
        return cell.quietly(
                "store.waiting",
                () -> cell.armed("store.inbox") ? Set.copyOf(conversations) : super.waiting(conversations));
    }

    /** Another one in each process and cell, as if they ran in Java virtual machines of their own. */
    @Override
    public Object identity() {
        return List.of(process, cell);
    }

    @Override
    public boolean leave(String conversation, InboxMessage message) {
        return cell.quietly("store.leave", () -> super.leave(conversation, message));
    }

    @Override
    public void removeMessages(String conversation, Collection<String> ids) {
        cell.quietlyDo("store.removeMessages", () -> super.removeMessages(conversation, ids));
    }

    @Override
    public Leases leases() {
        return cell.quietly("store.leases", FaultLeases::new);
    }

    @Override
    public String tenant() {
        return cell.quietly("store.tenant", () -> "");
    }

    @Override
    public void close() {
        // The store under it is of all cells.
    }

    private final class FaultLeases implements Leases {
        @Override
        public String process() {
            return cell.quietly("leases.process", () -> process);
        }

        @Override
        public boolean alive(String other) {
            return cell.quietly("leases.alive", () -> false);
        }

        @Override
        public boolean held(long since) {
            return cell.quietly("leases.held", () -> false);
        }
    }
}
