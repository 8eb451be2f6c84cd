package dev.agentloop.testkit;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** A store that keeps the contract, in small steps each of which can be broken. */
class SimpleStore implements ConversationStore {
    final Map<String, List<LogEntry>> logs = new ConcurrentHashMap<>();
    final Map<String, Map<String, InboxMessage>> inboxes = new ConcurrentHashMap<>();
    final Map<String, Instant> changes = new ConcurrentHashMap<>();

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        checkId(conversation);
        checkChain(conversation, expected, entries);
        synchronized (this) {
            List<LogEntry> log = logs.getOrDefault(conversation, List.of());
            if (sameHead(headOf(log), expected) && !sealed(log)) {
                write(conversation, log, entries);
            } else if (!holds(log, entries)) {
                throw sealed(log)
                        ? StoreException.sealed(conversation, headOf(log))
                        : conflict(conversation, expected, headOf(log));
            }
            return headOf(logs.get(conversation));
        }
    }

    void checkId(String conversation) {
        if (!conversation.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
            throw new IllegalArgumentException("no id: " + conversation);
        }
    }

    void checkChain(String conversation, LogPosition expected, List<LogEntry> entries) {
        LogPosition before = expected;
        for (LogEntry entry : entries) {
            if (!entry.follows(before)) {
                throw new IllegalArgumentException("entry " + entry + " does not follow");
            }
            before = entry.position();
        }
        checkEnd(entries);
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("no entry");
        }
    }

    void checkEnd(List<LogEntry> entries) {
        if (entries.stream().limit(Math.max(0, entries.size() - 1)).anyMatch(entry -> sealed(List.of(entry)))) {
            throw new IllegalArgumentException("an entry behind the end");
        }
    }

    boolean sameHead(LogPosition head, LogPosition expected) {
        return head.equals(expected);
    }

    boolean sealed(List<LogEntry> log) {
        return !log.isEmpty() && log.get(log.size() - 1).kind().equals(LogEntry.SEALED);
    }

    boolean holds(List<LogEntry> log, List<LogEntry> entries) {
        return log.contains(entries.get(entries.size() - 1));
    }

    void write(String conversation, List<LogEntry> log, List<LogEntry> entries) {
        List<LogEntry> longer = new ArrayList<>(log);
        entries.forEach(entry -> longer.add(stored(entry)));
        logs.put(conversation, longer);
        changes.put(conversation, Instant.now());
    }

    LogEntry stored(LogEntry entry) {
        return entry;
    }

    RuntimeException conflict(String conversation, LogPosition expected, LogPosition head) {
        return new StoreException(
                StoreException.Kind.CONFLICT,
                conversation + " stands at " + head.version() + ", not at " + expected.version());
    }

    static LogPosition headOf(List<LogEntry> log) {
        return log.isEmpty() ? LogPosition.START : log.get(log.size() - 1).position();
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        checkId(conversation);
        return logs.getOrDefault(conversation, List.of()).stream()
                .filter(entry -> entry.version() > after)
                .limit(limit)
                .toList();
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        checkId(conversation);
        return Optional.ofNullable(logs.get(conversation)).map(SimpleStore::headOf);
    }

    @Override
    public synchronized void fork(String source, LogPosition at, String target) {
        checkId(source);
        checkId(target);
        List<LogEntry> log = logs.getOrDefault(source, List.of());
        if (at.version() < 1 || log.size() < at.version() || !forksAt(log.get((int) at.version() - 1), at)) {
            throw new StoreException(StoreException.Kind.NOT_FOUND, source + " has no such version");
        }
        if (logs.containsKey(target)) {
            throw new StoreException(StoreException.Kind.EXISTS, target + " exists");
        }
        logs.put(target, log.subList(0, (int) at.version()));
        changes.put(target, Instant.now());
    }

    boolean forksAt(LogEntry entry, LogPosition at) {
        return entry.position().equals(at);
    }

    @Override
    public List<Listed> list(String before, int limit) {
        return logs.keySet().stream()
                .filter(id -> before.isEmpty() || id.compareTo(before) < 0)
                .sorted(order())
                .limit(limit)
                .map(id -> new Listed(id, headOf(logs.get(id)), changes.get(id)))
                .toList();
    }

    Comparator<String> order() {
        return Comparator.reverseOrder();
    }

    @Override
    public void delete(String conversation) {
        checkId(conversation);
        logs.remove(conversation);
        inboxes.remove(conversation);
    }

    @Override
    public synchronized void erase(String conversation, Map<Long, byte[]> marks) {
        checkId(conversation);
        marks.forEach((version, mark) -> erasedIn(conversation, version).forEach(id -> {
            List<LogEntry> log = new ArrayList<>(logs.get(id));
            LogEntry entry = log.get((int) (version - 1));
            log.set((int) (version - 1), erased(entry, mark));
            logs.put(id, log);
        }));
    }

    List<String> erasedIn(String conversation, long version) {
        return sharing(conversation, version);
    }

    LogEntry erased(LogEntry entry, byte[] mark) {
        return entry.erased(mark);
    }

    @Override
    public synchronized List<String> sharing(String conversation, long version) {
        checkId(conversation);
        List<LogEntry> log = logs.getOrDefault(conversation, List.of());
        return logs.keySet().stream()
                .filter(other -> version > 0 && version <= log.size() && shares(other, log.get((int) (version - 1))))
                .toList();
    }

    boolean shares(String conversation, LogEntry entry) {
        List<LogEntry> log = logs.get(conversation);
        return log.size() >= entry.version()
                && log.get((int) entry.version() - 1).position().equals(entry.position());
    }

    @Override
    public boolean leave(String conversation, InboxMessage message) {
        checkId(conversation);
        if (!logs.containsKey(conversation)) {
            throw new StoreException(StoreException.Kind.NOT_FOUND, "no conversation " + conversation);
        }
        synchronized (this) {
            return leave(inboxes.computeIfAbsent(conversation, id -> new LinkedHashMap<>()), message);
        }
    }

    boolean leave(Map<String, InboxMessage> inbox, InboxMessage message) {
        return inbox.putIfAbsent(message.id(), message.leftAt(Instant.now())) == null;
    }

    @Override
    public synchronized List<InboxMessage> inbox(String conversation) {
        checkId(conversation);
        return List.copyOf(inboxes.getOrDefault(conversation, Map.of()).values());
    }

    @Override
    public synchronized void removeMessages(String conversation, Collection<String> ids) {
        checkId(conversation);
        inboxes.getOrDefault(conversation, new LinkedHashMap<>()).keySet().removeAll(ids);
    }

    /** What another store on the same storage has. */
    void reopen() {
        // All of it.
    }

    @Override
    public void close() {
        // Nothing to close.
    }
}
