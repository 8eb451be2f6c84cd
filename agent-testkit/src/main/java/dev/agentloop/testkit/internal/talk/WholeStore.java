package dev.agentloop.testkit.internal.talk;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import java.util.List;

/** A store by which each log is read from its first entry on, whatever restates it. */
final class WholeStore extends ForwardingStore {
    WholeStore(ConversationStore store) {
        super(store);
    }

    @Override
    public List<LogEntry> load(String conversation) {
        return read(conversation, 0, Integer.MAX_VALUE);
    }

    // What it wraps is the test's.
    @Override
    public void close() {}
}
