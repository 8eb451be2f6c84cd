package dev.agentloop.stores;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A store in this process's memory, gone with it. */
public final class MemoryStore implements ConversationStore {
    // Each list is guarded by its own monitor; whoever has that of a family may take those of its logs.
    private final Map<String, Log> logs = new ConcurrentHashMap<>();

    /** A store without conversations. */
    public MemoryStore() {}

    /** The logs that were forked from one another. */
    private static final class Family {
        private final Map<String, Log> members = new HashMap<>();
    }

    private static final class Log {
        private final Family family;
        private final List<LogEntry> entries = new ArrayList<>();
        private final Map<String, InboxMessage> inbox = new LinkedHashMap<>();
        private Instant changed = Instant.now();

        private Log(Family family) {
            this.family = family;
        }

        private synchronized boolean has(LogEntry entry) {
            return holds(entry.position());
        }

        private synchronized void erase(LogEntry entry, byte[] mark) {
            if (has(entry)) {
                entries.set((int) entry.version() - 1, entry.erased(mark));
            }
        }

        private LogPosition head() {
            return entries.isEmpty()
                    ? LogPosition.START
                    : entries.get(entries.size() - 1).position();
        }

        private boolean sealed() {
            return !entries.isEmpty() && entries.get(entries.size() - 1).kind().equals(LogEntry.SEALED);
        }

        private boolean holds(LogPosition position) {
            return position.version() >= 0
                    && position.version() <= entries.size()
                    && (position.version() == 0
                            ? position.equals(LogPosition.START)
                            : entries.get((int) position.version() - 1).hash().equals(position.hash()));
        }
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        ConversationStore.checkAppend(conversation, expected, entries);
        Log log = logs.computeIfAbsent(conversation, id -> {
            Log made = new Log(new Family());
            made.family.members.put(id, made);
            return made;
        });
        LogPosition last = entries.get(entries.size() - 1).position();
        synchronized (log) {
            if (log.head().equals(expected) && !log.sealed()) {
                log.entries.addAll(entries);
                log.changed = Instant.now();
                return last;
            }
            if (log.holds(last)) {
                return log.head();
            }
            throw log.sealed()
                    ? StoreException.sealed(conversation, log.head())
                    : StoreException.conflict(conversation, expected, log.head());
        }
    }

    // One that is not kept, and stays empty, where there is no such conversation.
    private Log log(String conversation) {
        ConversationStore.checkId(conversation);
        Log log = logs.get(conversation);
        return log == null ? new Log(new Family()) : log;
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        Log log = log(conversation);
        synchronized (log) {
            int from = (int) Math.min(Math.max(after, 0), log.entries.size());
            int to = (int) Math.min((long) from + limit, log.entries.size());
            return List.copyOf(log.entries.subList(from, to));
        }
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        Log log = log(conversation);
        synchronized (log) {
            return log.entries.isEmpty() ? Optional.empty() : Optional.of(log.head());
        }
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        Log log = log(source);
        ConversationStore.checkId(target);
        Log fork = new Log(log.family);
        synchronized (log.family) {
            synchronized (log) {
                if (at.version() == 0 || !log.holds(at)) {
                    throw StoreException.noSuchVersion(source, at);
                }
                fork.entries.addAll(log.entries.subList(0, (int) at.version()));
            }
            if (logs.putIfAbsent(target, fork) != null) {
                throw StoreException.exists(target);
            }
            log.family.members.put(target, fork);
        }
    }

    @Override
    public List<Listed> list(String before, int limit) {
        return logs.entrySet().stream()
                .filter(entry -> before.isEmpty() || entry.getKey().compareTo(before) < 0)
                .map(entry -> summary(entry.getKey(), entry.getValue()))
                .filter(summary -> summary.head().version() > 0)
                .sorted(Comparator.comparing(Listed::conversation).reversed())
                .limit(limit)
                .toList();
    }

    private static Listed summary(String conversation, Log log) {
        synchronized (log) {
            return new Listed(conversation, log.head(), log.changed);
        }
    }

    @Override
    public void delete(String conversation) {
        ConversationStore.checkId(conversation);
        Log log = logs.remove(conversation);
        if (log != null) {
            synchronized (log.family) {
                log.family.members.remove(conversation, log);
            }
        }
    }

    @Override
    public void erase(String conversation, Map<Long, byte[]> marks) {
        Family family = log(conversation).family;
        synchronized (family) {
            marks.forEach((version, mark) -> read(conversation, version - 1, 1).stream()
                    .filter(entry -> entry.version() == version)
                    .forEach(entry -> family.members.values().forEach(log -> log.erase(entry, mark))));
        }
    }

    @Override
    public List<String> sharing(String conversation, long version) {
        Family family = log(conversation).family;
        synchronized (family) {
            List<LogEntry> shared = read(conversation, version - 1, 1);
            return family.members.entrySet().stream()
                    .filter(member -> !shared.isEmpty()
                            && shared.get(0).version() == version
                            && member.getValue().has(shared.get(0)))
                    .map(Map.Entry::getKey)
                    .toList();
        }
    }

    @Override
    public boolean leave(String conversation, InboxMessage message) {
        Log log = log(conversation);
        synchronized (log) {
            if (log.entries.isEmpty()) {
                throw StoreException.nowhere(conversation);
            }
            return log.inbox.putIfAbsent(message.id(), message.leftAt(Instant.now())) == null;
        }
    }

    @Override
    public List<InboxMessage> inbox(String conversation) {
        Log log = log(conversation);
        synchronized (log) {
            return List.copyOf(log.inbox.values());
        }
    }

    @Override
    public Set<String> waiting(Collection<String> conversations) {
        Set<String> waiting = new HashSet<>();
        for (String conversation : conversations) {
            Log log = log(conversation);
            synchronized (log) {
                if (!log.inbox.isEmpty()) {
                    waiting.add(conversation);
                }
            }
        }
        return waiting;
    }

    @Override
    public void removeMessages(String conversation, Collection<String> ids) {
        Log log = log(conversation);
        synchronized (log) {
            log.inbox.keySet().removeAll(ids);
        }
    }

    @Override
    public void close() {
        // Memory is all it has.
    }
}
