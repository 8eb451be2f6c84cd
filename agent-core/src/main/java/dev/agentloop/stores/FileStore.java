package dev.agentloop.stores;

import dev.agentloop.internal.PathText;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.Leases;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Threads. Each conversation has one of a fixed number of locks, by its id; under it the conversation is opened, written
 * and closed, and a reader learns how far the file is durable. Reading itself takes no lock: what is durable never
 * changes. No thread waits for a second one of these locks while it holds one, so there is no deadlock.
 *
 * Processes. Whoever writes has the conversation's lock in the folder for as long as that takes, and reads first what others
 * have written since. Whose turn it is says the log, and whether that process lives says its lock in the folder.
 *
 * Crashes. An append is one write and one force. Before it is forced nobody is told of it, and no reader of this store
 * sees it; a reader in another process sees whole appends only.
 */
/**
 * A store of one file of JSON lines for each conversation, {@code <id>.jsonl}, in a folder. The documentation of stores has
 * the format.
 *
 * <p>An append is forced to the disk before it returns. Any number of stores and processes may have one folder open, and take
 * turns in a conversation; which of them are alive is told by locks of the operating system, so a process that dies is found
 * dead at once. On a network file system this holds where its locks do, between all machines that write to the folder. A line
 * that a crash left unfinished is cut off and reported; a damaged line before the last makes reading fail.
 *
 * <p>Besides these files there is {@code .lock}, in which whoever writes to a conversation locks one byte and each store that
 * has written holds another one, the folders {@code <id>.inbox} with the messages, {@code .families} with an index of forks,
 * and for a moment the {@code .fork} or {@code .erased} of a conversation that is written as a copy. No other program may open {@code .lock} in the same process:
 * closing it would give the locks back.
 */
public final class FileStore implements ConversationStore {
    private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);
    private final Path folder;
    private final FileAccess access;
    private final FileLogs logs;
    private final FileLeases leases;
    private final LogReader reader;
    private final FileNames names;
    private final FileFamilies families;
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * The store in this folder, which is made if need be.
     *
     * @throws IllegalArgumentException if the locale of this JVM does not have a character of the folder's name
     */
    public FileStore(Path folder) {
        this(folder, FileAccess.local());
    }

    FileStore(Path folder, FileAccess access) {
        this.folder = folder.toAbsolutePath().normalize();
        if (!PathText.isFile(this.folder)) {
            throw new IllegalArgumentException("conversations cannot be kept in " + PathText.text(this.folder)
                    + ": its name has a character that " + PathText.remedy());
        }
        this.access = access;
        this.logs = FileLogs.of(this.folder, access);
        this.leases = new FileLeases(logs);
        this.reader = new LogReader(logs, access);
        this.names = new FileNames(logs.folder(), access);
        this.families = new FileFamilies(logs.folder(), access, reader, names);
    }

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        ConversationStore.checkAppend(conversation, expected, entries);
        entries.forEach(FileStore::checkLine);
        return exclusively("append to", conversation, () -> {
            if (expected.version() > 0 && !Files.exists(logs.file(conversation))) {
                throw StoreException.conflict(conversation, expected, LogPosition.START);
            }
            leases.show();
            return logs.writing(
                    conversation, true, () -> append(conversation, expected, entries, logs.open(conversation)));
        });
    }

    private static LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries, FileLog log)
            throws IOException {
        if (log.head().equals(expected) && !log.sealed()) {
            return log.append(entries);
        }
        if (log.holds(entries.get(entries.size() - 1).position())) {
            return log.head();
        }
        throw log.sealed()
                ? StoreException.sealed(conversation, log.head())
                : StoreException.conflict(conversation, expected, log.head());
    }

    private static void checkLine(LogEntry entry) {
        byte[] payload = entry.payload();
        for (int i = 0; payload != null && i < payload.length; i++) {
            if (payload[i] == '\n' || payload[i] == '\r') {
                throw new IllegalArgumentException(
                        "a payload is one line of JSON; the one of entry " + entry + " has a line break at byte " + i);
            }
        }
    }

    @Override
    public List<LogEntry> read(String conversation, long after, int limit) {
        checkReading(conversation);
        return reader.read(conversation, after, limit);
    }

    @Override
    public List<LogEntry> load(String conversation) {
        checkReading(conversation);
        return reader.load(conversation);
    }

    @Override
    public List<LogEntry> loadAfter(String conversation, long version) {
        checkReading(conversation);
        return reader.loadAfter(conversation, version);
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        checkReading(conversation);
        return reader.head(conversation);
    }

    private void checkReading(String conversation) {
        ConversationStore.checkId(conversation);
        refuseIfClosed();
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        checkReading(source);
        ConversationStore.checkId(target);
        String family = at.version() < 1 ? "" : families.of(source);
        if (family.isEmpty()) {
            throw StoreException.noSuchVersion(source, at);
        }
        writing("fork into", target, () -> {
            logs.forget(target);
            if (reader.hasEntries(target)) {
                throw StoreException.exists(target);
            }
            // Named first, and locked while the source is read: whoever erases in the source meanwhile waits for it.
            families.add(family, List.of(source, target));
            boolean made = false;
            try {
                // Whoever knows the position knows that it is durable, so where the file ends does not matter.
                made = new FileCopy(logs.file(source), Long.MAX_VALUE, access).fork(at, logs.file(target));
            } finally {
                if (!made) {
                    families.remove(family, target);
                }
            }
            if (!made) {
                throw StoreException.noSuchVersion(source, at);
            }
            return null;
        });
    }

    @Override
    public List<String> sharing(String conversation, long version) {
        checkReading(conversation);
        return families.sharing(conversation, version);
    }

    @Override
    public List<Listed> list(String before, int limit) {
        FileNames.Ids ids = exclusively("list", "conversations", names::all);
        List<Listed> page = new ArrayList<>();
        for (int i = ids.before(before); i >= 0 && page.size() < limit; i--) {
            summary(ids.get(i)).ifPresent(page::add);
        }
        return page;
    }

    // One damaged file must not hide all the others.
    private Optional<Listed> summary(String conversation) {
        try {
            Instant changed = Files.getLastModifiedTime(logs.file(conversation)).toInstant();
            return head(conversation).map(head -> new Listed(conversation, head, changed));
        } catch (StoreException | IOException e) {
            LOG.warn("conversation {} is left out of the list: {}", conversation, e.getMessage());
            return Optional.empty();
        }
    }

    @Override
    public void delete(String conversation) {
        ConversationStore.checkId(conversation);
        exclusively("delete", conversation, () -> {
            inboxOf(conversation).delete();
            Path file = logs.file(conversation);
            if (!Files.exists(file)) {
                logs.forget(conversation);
                return null;
            }
            String family = families.ofDamaged(conversation);
            return logs.writing(conversation, true, () -> {
                logs.forget(conversation);
                Files.deleteIfExists(file);
                access.forceName(file);
                if (!family.isEmpty()) {
                    families.remove(family, conversation);
                }
                return null;
            });
        });
    }

    @Override
    public void erase(String conversation, Map<Long, byte[]> marks) {
        checkReading(conversation);
        List<LogEntry> erased = new ArrayList<>();
        new TreeMap<>(marks)
                .forEach((version, mark) ->
                        reader.entry(conversation, version).ifPresent(entry -> erased.add(entry.erased(mark))));
        erased.forEach(FileStore::checkLine);
        Set<String> done = new HashSet<>();
        StoreException failure = null;
        // A fork that was begun meanwhile may have what is not there any more.
        for (List<String> more = List.of(conversation); !erased.isEmpty() && !more.isEmpty(); ) {
            for (String each : more) {
                try {
                    eraseIn(each, erased);
                } catch (StoreException e) {
                    failure = failure == null || failure.kind() == StoreException.Kind.LOCKED ? e : failure;
                }
            }
            done.addAll(more);
            more = families.relatives(conversation).stream()
                    .filter(each -> !done.contains(each))
                    .toList();
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void eraseIn(String conversation, List<LogEntry> erased) {
        writing("erase in", conversation, () -> {
            Path file = logs.file(conversation);
            if (!Files.exists(file)) {
                // Another process has begun to make it, or a crash has left a half of it.
                return Files.deleteIfExists(FileCopy.unfinishedFork(file));
            }
            Map<Long, byte[]> marks = new HashMap<>();
            for (LogEntry each : erased) {
                reader.entry(conversation, each.version())
                        .filter(there -> FileFamilies.same(each, there) && !(there.isErased() && there.equals(each)))
                        .ifPresent(there -> marks.put(each.version(), each.content()));
            }
            if (marks.isEmpty()) {
                return false;
            }
            // Opened first, so that what a crash left behind the last append is cut off and not copied.
            long end = logs.open(conversation).length();
            logs.forget(conversation);
            new FileCopy(file, end, access).erase(marks);
            return true;
        });
    }

    private FileInbox inboxOf(String conversation) {
        return new FileInbox(logs.folder().resolve(conversation + ".inbox"), access);
    }

    @Override
    public boolean leave(String conversation, InboxMessage message) {
        ConversationStore.checkId(conversation);
        return exclusively("leave a message for", conversation, () -> {
            if (!Files.exists(logs.file(conversation))) {
                throw StoreException.nowhere(conversation);
            }
            return inboxOf(conversation).leave(message);
        });
    }

    @Override
    public List<InboxMessage> inbox(String conversation) {
        ConversationStore.checkId(conversation);
        return exclusively(
                "read the inbox of", conversation, () -> inboxOf(conversation).all());
    }

    @Override
    public void removeMessages(String conversation, Collection<String> ids) {
        ConversationStore.checkId(conversation);
        exclusively("empty the inbox of", conversation, () -> {
            inboxOf(conversation).remove(ids);
            return null;
        });
    }

    @Override
    public Set<String> waiting(Collection<String> conversations) {
        Set<String> waiting = new HashSet<>();
        for (String conversation : conversations) {
            ConversationStore.checkId(conversation);
            // Without the conversation's lock: a file of the inbox is there in full or not at all.
            if (attempt(
                    "look into the inbox of",
                    conversation,
                    () -> inboxOf(conversation).isWaiting())) {
                waiting.add(conversation);
            }
        }
        return waiting;
    }

    /** The folder's real path: whatever path a store was opened with, the conversations of one folder are the same. */
    @Override
    public Object identity() {
        return logs.folder();
    }

    @Override
    public Leases leases() {
        return leases;
    }

    @Override
    public Collection<Path> locations() {
        return List.of(folder);
    }

    @Override
    public void close() {
        if (closed.getAndSet(true)) {
            return;
        }
        logs.await();
        try {
            try {
                leases.end();
            } finally {
                logs.close();
            }
        } catch (IOException e) {
            throw logs.unavailable("close", "all conversations", e);
        }
    }

    private <T extends @Nullable Object> T exclusively(String what, String conversation, FileLogs.Action<T> action) {
        return attempt(
                what,
                conversation,
                () -> logs.exclusively(conversation, () -> {
                    // Whoever closes the store waits for what holds the conversation, and for nothing else.
                    refuseIfClosed();
                    return action.run();
                }));
    }

    private <T extends @Nullable Object> T writing(String what, String conversation, FileLogs.Action<T> action) {
        return exclusively(what, conversation, () -> logs.writing(conversation, true, action));
    }

    private <T extends @Nullable Object> T attempt(String what, String conversation, FileLogs.Action<T> action) {
        refuseIfClosed();
        try {
            return action.run();
        } catch (IOException e) {
            throw logs.unavailable(what, conversation, e);
        }
    }

    private void refuseIfClosed() {
        if (closed.get()) {
            throw new StoreException(
                    StoreException.Kind.UNAVAILABLE,
                    "the store of " + folder + " is closed; open another one on the folder");
        }
    }
}
