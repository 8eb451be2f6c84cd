package dev.agentloop.stores;

import dev.agentloop.internal.PathText;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Threads. Each conversation has one of a fixed number of locks, by its id; under it the conversation is opened, written
 * and closed, and a reader learns how far the file is durable. Reading itself takes no lock: what is durable never
 * changes. No thread waits for a second lock while it holds one, so there is no deadlock.
 *
 * Crashes. An append is one write and one force. Before it is forced nobody is told of it, and no reader of this store
 * sees it; a reader in another process sees whole appends only.
 */
/**
 * A store of one file of JSON lines for each conversation, {@code <id>.jsonl}, in a folder. The documentation of stores has
 * the format.
 *
 * <p>An append is forced to the disk before it returns. One process at a time can write to a conversation. A line that a
 * crash left unfinished is cut off and reported; a damaged line before the last makes reading fail.
 *
 * <p>Beside these files there is {@code .lock}, in which whoever writes to a conversation locks one byte, the folders
 * {@code <id>.inbox} with the messages, {@code .families} with an index of forks, and for a moment the {@code .fork} or {@code .erased} of a conversation that is
 * written as a copy.
 */
public final class FileStore implements ConversationStore {
    private static final Logger LOG = LoggerFactory.getLogger(FileStore.class);
    private static final Pattern CONVERSATION = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.jsonl");
    private final Path folder;
    private final FileAccess access;
    private final FileLogs logs;
    private final FileFamilies families;

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
        this.logs = new FileLogs(this.folder, access);
        this.families = new FileFamilies(this.folder, access);
    }

    /** How far a file was durable when it was looked at, and what is known of it. */
    private record Extent(Path file, FileIndex index, long end, boolean opened) {}

    @Override
    public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        ConversationStore.checkAppend(conversation, expected, entries);
        entries.forEach(FileStore::checkLine);
        return exclusively("append to", conversation, () -> {
            boolean absent = logs.opened(conversation) == null && !Files.exists(logs.file(conversation));
            if (absent && expected.version() > 0) {
                throw StoreException.conflict(conversation, expected, LogPosition.START);
            }
            FileLog log = logs.open(conversation);
            if (log.head().equals(expected) && !log.sealed()) {
                return log.append(entries);
            }
            if (log.holds(entries.get(entries.size() - 1).position())) {
                return log.head();
            }
            throw log.sealed()
                    ? StoreException.sealed(conversation, log.head())
                    : StoreException.conflict(conversation, expected, log.head());
        });
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
        if (remains != null && !extent.opened()) {
            repair(conversation);
        }
        return entries;
    }

    // What lies behind the last whole append is cut by whoever may write. If that is somebody else, he is writing it.
    private void repair(String conversation) {
        try {
            exclusively("repair", conversation, () -> {
                if (logs.opened(conversation) == null) {
                    logs.open(conversation);
                    logs.close(conversation);
                }
                return null;
            });
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
            if (log != null) {
                return new Extent(file, logs.index(conversation), log.length(), true);
            }
            return Files.exists(file) ? new Extent(file, logs.index(conversation), Files.size(file), false) : null;
        });
    }

    @Override
    public void fork(String source, LogPosition at, String target) {
        ConversationStore.checkId(source);
        ConversationStore.checkId(target);
        String family = at.version() < 1 ? "" : family(source);
        if (family.isEmpty()) {
            throw StoreException.noSuchVersion(source, at);
        }
        exclusively(
                "fork into",
                target,
                () -> logs.replacing(target, () -> {
                    Path file = logs.file(target);
                    if (Files.exists(file)
                            && head(target, new Extent(file, new FileIndex(), Files.size(file), false))
                                    .isPresent()) {
                        throw StoreException.exists(target);
                    }
                    // Named first, and locked while the source is read: whoever erases in the source meanwhile waits
                    // for it.
                    families.add(family, List.of(source, target));
                    boolean made = false;
                    try {
                        // Whoever knows the position knows that it is durable, so where the file ends does not matter.
                        made = new FileCopy(logs.file(source), Long.MAX_VALUE, access).fork(at, file);
                    } finally {
                        if (!made) {
                            families.remove(family, target);
                        }
                    }
                    if (!made) {
                        throw StoreException.noSuchVersion(source, at);
                    }
                    return null;
                }));
    }

    /** The hash of the first entry, which those that were forked from one another share; empty where there is none. */
    private String family(String conversation) {
        List<LogEntry> first = read(conversation, 0, 1);
        return first.isEmpty() ? "" : first.get(0).hash();
    }

    /** This conversation and those that may share entries with it. */
    private Set<String> relatives(String conversation) {
        Set<String> relatives = new TreeSet<>(List.of(conversation));
        String family = family(conversation);
        if (!family.isEmpty()) {
            try {
                if (!families.whole()) {
                    index();
                }
                relatives.addAll(families.of(family));
            } catch (IOException e) {
                throw unavailable("look for the forks of", conversation, e);
            }
        }
        return relatives;
    }

    // Forks that were made before there was an index are found by their first entries, once.
    private void index() throws IOException {
        Map<String, List<String>> found = new HashMap<>();
        boolean all = true;
        for (String id : exclusively("list", "conversations", this::ids)) {
            try {
                found.computeIfAbsent(family(id), first -> new ArrayList<>()).add(id);
            } catch (StoreException e) {
                LOG.warn("what conversation {} was forked from is not known: {}", id, e.getMessage());
                all = false;
            }
        }
        found.remove("");
        for (Map.Entry<String, List<String>> each : found.entrySet()) {
            if (each.getValue().size() > 1) {
                families.add(each.getKey(), each.getValue());
            }
        }
        if (all) {
            families.nowWhole();
        }
    }

    @Override
    public List<String> sharing(String conversation, long version) {
        ConversationStore.checkId(conversation);
        Optional<LogEntry> shared = entry(conversation, version);
        return shared.isEmpty()
                ? List.of()
                : relatives(conversation).stream()
                        .filter(other -> entry(other, version)
                                .filter(there -> same(shared.get(), there))
                                .isPresent())
                        .toList();
    }

    // Also where one of them is erased.
    private static boolean same(LogEntry one, LogEntry other) {
        return one.position().equals(other.position());
    }

    private Optional<LogEntry> entry(String conversation, long version) {
        return version < 1
                ? Optional.empty()
                : read(conversation, version - 1, 1).stream().findFirst();
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
        if (!Files.exists(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
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
            String family = familyOfDamaged(conversation);
            logs.forget(conversation);
            inboxOf(conversation).delete();
            Path file = logs.file(conversation);
            if (!Files.exists(file)) {
                return null;
            }
            return logs.replacing(conversation, () -> {
                Files.deleteIfExists(file);
                access.forceName(file);
                if (!family.isEmpty()) {
                    families.remove(family, conversation);
                }
                return null;
            });
        });
    }

    private String familyOfDamaged(String conversation) {
        try {
            return family(conversation);
        } catch (StoreException e) {
            return ""; // What is left of it in the index is a name without a conversation.
        }
    }

    @Override
    public void erase(String conversation, Map<Long, byte[]> marks) {
        ConversationStore.checkId(conversation);
        List<LogEntry> erased = new ArrayList<>();
        new TreeMap<>(marks)
                .forEach((version, mark) ->
                        entry(conversation, version).ifPresent(entry -> erased.add(entry.erased(mark))));
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
            more = relatives(conversation).stream()
                    .filter(each -> !done.contains(each))
                    .toList();
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void eraseIn(String conversation, List<LogEntry> erased) {
        exclusively("erase in", conversation, () -> {
            Path file = logs.file(conversation);
            if (!Files.exists(file)) {
                // Another process is making it, or a crash has left a half of it.
                logs.replacing(conversation, () -> Files.deleteIfExists(FileCopy.unfinishedFork(file)));
            }
            Map<Long, byte[]> marks = new HashMap<>();
            for (LogEntry each : erased) {
                entry(conversation, each.version())
                        .filter(there -> same(each, there) && !(there.isErased() && there.equals(each)))
                        .ifPresent(there -> marks.put(each.version(), each.content()));
            }
            if (marks.isEmpty()) {
                return null;
            }
            // Opened first, so that what a crash left behind the last append is cut off and not copied.
            long end = logs.open(conversation).length();
            return logs.replacing(conversation, () -> {
                new FileCopy(file, end, access).erase(marks);
                return null;
            });
        });
    }

    private FileInbox inboxOf(String conversation) {
        return new FileInbox(folder.resolve(conversation + ".inbox"), access);
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
    public Collection<Path> locations() {
        return List.of(folder);
    }

    @Override
    public void close() {
        try {
            logs.close();
        } catch (IOException e) {
            throw unavailable("close", "all conversations", e);
        }
    }

    private <T extends @Nullable Object> T exclusively(String what, String conversation, FileLogs.Action<T> action) {
        try {
            return logs.exclusively(conversation, action);
        } catch (IOException e) {
            throw unavailable(what, conversation, e);
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
