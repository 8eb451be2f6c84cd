package dev.agentloop;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A store that counts what is read from it: entries, by whatever method, and heads. */
final class ReadingStore extends ForwardingStore {
    private final AtomicInteger entries = new AtomicInteger();
    private final AtomicInteger heads = new AtomicInteger();

    ReadingStore(ConversationStore store) {
        super(store);
    }

    /** How many entries were read since this was asked last. */
    int entries() {
        return entries.getAndSet(0);
    }

    /** How many heads were asked for since this was asked last. */
    int heads() {
        return heads.getAndSet(0);
    }

    private List<LogEntry> counted(List<LogEntry> read) {
        entries.addAndGet(read.size());
        return read;
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        return counted(super.read(conversation, after, limit));
    }

    @Override
    public Stream<LogEntry> stream(String conversation, long after) {
        return super.stream(conversation, after).peek(entry -> entries.incrementAndGet());
    }

    @Override
    public List<LogEntry> load(String conversation) {
        return counted(super.load(conversation));
    }

    @Override
    public List<LogEntry> loadAfter(String conversation, long version) {
        return counted(super.loadAfter(conversation, version));
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        heads.incrementAndGet();
        return super.head(conversation);
    }
}
