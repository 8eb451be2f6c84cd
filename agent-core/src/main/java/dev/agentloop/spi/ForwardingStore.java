package dev.agentloop.spi;

import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A store that hands everything on to another one; what wraps a store overrides what it changes. As thread-safe as the
 * other one.
 */
public class ForwardingStore implements ConversationStore {
    private final ConversationStore store;

    /** A store around this one. */
    protected ForwardingStore(ConversationStore store) {
        this.store = store;
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        return store.append(conversation, expected, entries);
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        return store.read(conversation, after, limit);
    }

    @Override
    public Stream<LogEntry> stream(String conversation, long after) {
        return store.stream(conversation, after);
    }

    @Override
    public List<LogEntry> load(String conversation) {
        return store.load(conversation);
    }

    @Override
    public List<LogEntry> loadAfter(String conversation, long version) {
        return store.loadAfter(conversation, version);
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        return store.head(conversation);
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        store.fork(source, at, target);
    }

    @Override
    public List<Listed> list(String before, int limit) {
        return store.list(before, limit);
    }

    @Override
    public void erase(String conversation, Map<Long, byte[]> marks) {
        store.erase(conversation, marks);
    }

    @Override
    public List<String> sharing(String conversation, long version) {
        return store.sharing(conversation, version);
    }

    @Override
    public void delete(String conversation) {
        store.delete(conversation);
    }

    @Override
    public boolean leave(String conversation, InboxMessage message) {
        return store.leave(conversation, message);
    }

    @Override
    public List<InboxMessage> inbox(String conversation) {
        return store.inbox(conversation);
    }

    @Override
    public Set<String> waiting(Collection<String> conversations) {
        return store.waiting(conversations);
    }

    @Override
    public void removeMessages(String conversation, Collection<String> ids) {
        store.removeMessages(conversation, ids);
    }

    @Override
    public Leases leases() {
        return store.leases();
    }

    @Override
    public Object identity() {
        return store.identity();
    }

    @Override
    public String tenant() {
        return store.tenant();
    }

    @Override
    public Collection<Path> locations() {
        return store.locations();
    }

    @Override
    public void close() {
        store.close();
    }
}
