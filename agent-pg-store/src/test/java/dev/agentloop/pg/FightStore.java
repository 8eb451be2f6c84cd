package dev.agentloop.pg;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.util.List;

/** The store of one writer, which records what it tries and what is acknowledged; does not close the store around which it is. */
class FightStore extends ForwardingStore {
    private final FightRecord record;
    private final String writer;

    FightStore(ConversationStore store, FightRecord record, String writer) {
        super(store);
        this.record = record;
        this.writer = writer;
    }

    String writer() {
        return writer;
    }

    FightRecord record() {
        return record;
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        record.attempted(writer, entries);
        try {
            LogPosition end = super.append(conversation, expected, entries);
            record.acknowledged(entries.get(entries.size() - 1).position());
            return end;
        } catch (StoreException e) {
            record.refused("append " + e.kind());
            throw e;
        }
    }

    @Override
    public void close() {
        // Others work with it, too.
    }
}
