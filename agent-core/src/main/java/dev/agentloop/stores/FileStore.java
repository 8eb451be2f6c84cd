package dev.agentloop.stores;

import dev.agentloop.internal.PathText;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.Leases;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
 * has written holds another one, the folders {@code <id>.inbox} with the messages, and for a moment the {@code .fork} or
 * {@code .erased} of a conversation that is written as a copy. No other program may open {@code .lock} in the same process:
 * closing it would give the locks back.
 */
public final class FileStore implements ConversationStore {
    private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);
    private static final Pattern CONVERSATION = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.jsonl");
    private final Path folder;
    private final FileAccess access;
    private final FileLogs logs;
    private final FileLeases leases;
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
    }

    /**
     * How far a file was written when it was looked at, and what is known of it.
     *
     * @param settled false where this process could not take back what is behind the end
     */
    private record Extent(Path file, FileIndex index, long end, boolean settled) {}

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
        ConversationStore.checkId(conversation);
        Extent extent = extent(conversation);
        if (extent == null) {
            return List.of();
        }
        List<LogEntry> entries = new ArrayList<>();
        String remains = reading(conversation, null, () -> {
            try (FileAccess.Handle handle = access.read(extent.file())) {
                FileScan scan = extent.index().scan(extent.file(), handle, Math.max(after, 0), extent.end());
                FileScan.Batch batch;
                while (entries.size() < limit && (batch = scan.next()) != null) {
                    extent.index().add(batch);
                    batch.entries().stream()
                            .filter(entry -> entry.version() > after && entries.size() < limit)
                            .forEach(entries::add);
                }
                return scan.remains();
            }
        });
        if (remains != null && extent.settled()) {
            repair(conversation);
        }
        return entries;
    }

    // What lies behind the last whole append is cut by whoever may write. If that is somebody else, he is writing it.
    private void repair(String conversation) {
        try {
            exclusively(
                    "repair",
                    conversation,
                    () -> logs.writing(
                            conversation,
                            false,
                            () -> Files.exists(logs.file(conversation)) ? logs.open(conversation) : null));
        } catch (StoreException e) {
            LOG.debug("conversation {} was read, but not repaired: {}", conversation, e.getMessage());
        }
    }

    @Override
    public Optional<LogPosition> head(String conversation) {
        ConversationStore.checkId(conversation);
        Extent extent = extent(conversation);
        return extent == null ? Optional.empty() : head(conversation, extent);
    }

    private Optional<LogPosition> head(String conversation, Extent extent) {
        LogPosition head = reading(conversation, LogPosition.START, () -> {
            try (FileAccess.Handle handle = access.read(extent.file())) {
                FileScan scan = extent.index().scanLast(extent.file(), handle, extent.end());
                LogPosition last = LogPosition.START;
                FileScan.Batch batch;
                while ((batch = scan.next()) != null) {
                    last = batch.last();
                }
                return last;
            }
        });
        return head.version() == 0 ? Optional.empty() : Optional.of(head);
    }

    private @Nullable Extent extent(String conversation) {
        return exclusively("read", conversation, () -> {
            Path file = logs.file(conversation);
            FileLog log = logs.opened(conversation);
            if (log != null && log.unsettled()) {
                return new Extent(file, logs.index(conversation), log.length(), false);
            }
            return Files.exists(file) ? new Extent(file, logs.index(conversation), Files.size(file), true) : null;
        });
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        ConversationStore.checkId(source);
        ConversationStore.checkId(target);
        Extent extent = at.version() < 1 ? null : extent(source);
        if (extent == null) {
            throw StoreException.noSuchVersion(source, at);
        }
        writing("fork into", target, () -> {
            logs.forget(target);
            Path file = logs.file(target);
            if (Files.exists(file)
                    && head(target, new Extent(file, new FileIndex(), Files.size(file), true))
                            .isPresent()) {
                throw StoreException.exists(target);
            }
            if (!new FileCopy(extent.file(), extent.end(), access).fork(at, file)) {
                throw StoreException.noSuchVersion(source, at);
            }
            return null;
        });
    }

    @Override
    public List<Listed> list(String before, int limit) {
        List<String> ids = exclusively("list", "conversations", this::ids);
        return ids.stream()
                .filter(id -> before.isEmpty() || id.compareTo(before) < 0)
                .map(this::summary)
                .flatMap(Optional::stream)
                .limit(limit)
                .toList();
    }

    private List<String> ids() throws IOException {
        if (!Files.exists(logs.folder())) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(logs.folder())) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> CONVERSATION.matcher(name).matches())
                    .map(name -> name.substring(0, name.lastIndexOf('.')))
                    .sorted(Comparator.reverseOrder())
                    .toList();
        }
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
            return logs.writing(conversation, true, () -> {
                logs.forget(conversation);
                Files.deleteIfExists(file);
                access.forceName(file);
                return null;
            });
        });
    }

    @Override
    public void erase(String conversation, Collection<Long> versions) {
        ConversationStore.checkId(conversation);
        exclusively("erase in", conversation, () -> {
            Path file = logs.file(conversation);
            if (!Files.exists(file) || versions.isEmpty()) {
                return null;
            }
            return logs.writing(conversation, true, () -> {
                // Opened first, so that what a crash left behind the last append is cut off and not copied.
                long end = logs.open(conversation).length();
                logs.forget(conversation);
                new FileCopy(file, end, access).erase(versions);
                return null;
            });
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
            throw unavailable("close", "all conversations", e);
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
            throw unavailable(what, conversation, e);
        }
    }

    private void refuseIfClosed() {
        if (closed.get()) {
            throw new StoreException(
                    StoreException.Kind.UNAVAILABLE,
                    "the store of " + folder + " is closed; open another one on the folder");
        }
    }

    /** Reads without a lock; a file that was deleted in the meantime gives {@code nothing}. */
    private <T extends @Nullable Object> T reading(String conversation, T nothing, FileLogs.Action<T> action) {
        try {
            return action.run();
        } catch (IOException e) {
            if (e instanceof FileNotFoundException && !Files.exists(logs.file(conversation))) {
                return nothing;
            }
            throw unavailable("read", conversation, e);
        }
    }

    private StoreException unavailable(String what, String conversation, IOException cause) {
        return new StoreException(
                StoreException.Kind.UNAVAILABLE,
                "cannot " + what + " " + conversation + " in " + folder + ": " + cause
                        + "; check the folder, its rights and its disk",
                cause);
    }
}
