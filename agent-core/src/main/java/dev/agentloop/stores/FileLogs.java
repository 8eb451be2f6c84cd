package dev.agentloop.stores;

import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The files of a folder that are open for writing, few of them and those used last, and what is remembered of the others.
 * All stores of one folder in this process share them, whatever path they have to it.
 *
 * <p>A file that is open is not locked: who writes takes the conversation's lock for one append, and first takes in what other
 * processes have written since. So processes take turns in a conversation, and none has to close anything for another one.
 *
 * <p>Thread-safe. Each conversation has one of a fixed number of locks, by its id; no thread waits for a second one while
 * it holds one.
 */
final class FileLogs {
    private static final int OPEN_FILES = 64;
    private static final int REMEMBERED = 16 * 1024;
    private static final int STRIPES = 512;
    // Longer than an append takes on a disk that works.
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(2);
    private static final Map<Place, FileLogs> ALL = new HashMap<>();

    private final Path folder;
    private final FileAccess access;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    // Both in the order of use, and guarded by their own monitors.
    private final Map<String, FileLog> open = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<String, FileIndex> remembered = new LinkedHashMap<>(16, 0.75f, true);
    // The locks of files that could not be settled; guarded by their conversations' stripes.
    private final Map<String, FileLock> kept = new ConcurrentHashMap<>();
    private @Nullable FileLocks locks;
    // Guarded by ALL.
    private int users;

    /** A folder by its real path, and how its files are reached. */
    private record Place(Path folder, FileAccess access) {}

    private FileLogs(Path folder, FileAccess access) {
        this.folder = folder;
        this.access = access;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /** The logs of a folder, which need not exist yet; {@link #close} is to be called once for each call of this. */
    static FileLogs of(Path folder, FileAccess access) {
        Place place = new Place(real(folder), access);
        synchronized (ALL) {
            FileLogs logs = ALL.computeIfAbsent(place, of -> new FileLogs(of.folder(), access));
            logs.users++;
            return logs;
        }
    }

    // Of a folder that does not exist yet, the part that does.
    private static Path real(Path folder) {
        for (Path existing = folder; existing != null; existing = existing.getParent()) {
            try {
                return existing.toRealPath().resolve(existing.relativize(folder));
            } catch (IOException e) {
                FileLog.LOG.trace("{} has no real path yet", existing, e);
            }
        }
        return folder;
    }

    /** The folder's real path. */
    Path folder() {
        return folder;
    }

    /** Something that is done with a conversation. */
    @FunctionalInterface
    interface Action<T extends @Nullable Object> {
        T run() throws IOException;
    }

    /** Runs {@code action} while no other thread of this process does anything else to the conversation. */
    <T extends @Nullable Object> T exclusively(String conversation, Action<T> action) throws IOException {
        ReentrantLock stripe = stripe(conversation);
        stripe.lock();
        try {
            return action.run();
        } finally {
            stripe.unlock();
        }
    }

    private ReentrantLock stripe(String conversation) {
        return stripes[Math.floorMod(conversation.hashCode(), STRIPES)];
    }

    /** The file of the conversation. */
    Path file(String conversation) {
        return folder.resolve(conversation + ".jsonl");
    }

    /** The file as it is open for writing, or null. To be called exclusively, as all that follow. */
    @Nullable
    FileLog opened(String conversation) {
        synchronized (open) {
            return open.get(conversation);
        }
    }

    /** The file as it is now, open for writing; made if it does not exist. To be called while {@link #writing}. */
    FileLog open(String conversation) throws IOException {
        FileLog known = opened(conversation);
        if (known != null) {
            if (known.catchUp()) {
                return known;
            }
            forget(conversation);
        }
        Path file = file(conversation);
        FileLog log = FileLog.open(file, !Files.exists(file), access, index(conversation));
        synchronized (open) {
            open.put(conversation, log);
        }
        closeEldest(conversation);
        return log;
    }

    /**
     * Runs {@code action} while nobody else, of any process, writes to the conversation.
     *
     * @param wait whether to wait a while for whoever does
     * @throws StoreException {@code LOCKED} if somebody does
     */
    <T extends @Nullable Object> T writing(String conversation, boolean wait, Action<T> action) throws IOException {
        FileLock lock = kept.remove(conversation);
        if (lock == null) {
            lock = locks().take(conversation, wait ? PATIENCE : 0);
        }
        try {
            return action.run();
        } finally {
            FileLog log = opened(conversation);
            if (log != null && log.unsettled()) {
                kept.put(conversation, lock);
            } else {
                lock.release();
            }
        }
    }

    /** The locks of the folder, which is made where there is none. */
    synchronized FileLocks locks() throws IOException {
        FileLocks all = locks;
        if (all == null) {
            makeFolder();
            all = FileLocks.of(folder);
            locks = all;
        }
        return all;
    }

    /** Whether a process of this name lives, by its lock in the folder. */
    boolean alive(String process) throws IOException {
        // Looking makes nothing: where there is no file of locks, nobody has one.
        return Files.exists(folder.resolve(FileLocks.FILE)) && locks().alive(process);
    }

    private void makeFolder() throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        for (Path path = folder; path != null && !Files.exists(path); path = path.getParent()) {
            missing.push(path);
        }
        for (Path path : missing) {
            if (FileAccess.posix(path)) {
                Files.createDirectory(
                        path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(path);
            }
            access.forceName(path);
        }
    }

    /** What is remembered of the conversation's file. */
    FileIndex index(String conversation) {
        synchronized (remembered) {
            FileIndex index = remembered.computeIfAbsent(conversation, id -> new FileIndex());
            if (remembered.size() > REMEMBERED) {
                Iterator<String> eldest = remembered.keySet().iterator();
                eldest.next();
                eldest.remove();
            }
            return index;
        }
    }

    /** Closes the file, if it is open, and forgets all about it. */
    void forget(String conversation) throws IOException {
        close(conversation);
        synchronized (remembered) {
            remembered.remove(conversation);
        }
    }

    /** Closes the file, if it is open. */
    void close(String conversation) throws IOException {
        FileLog log;
        synchronized (open) {
            log = open.remove(conversation);
        }
        if (log == null) {
            return;
        }
        try {
            log.close();
        } finally {
            FileLock lock = kept.remove(conversation);
            if (lock != null) {
                lock.release();
            }
        }
    }

    // A file whose conversation is busy stays open, and the limit is passed by it.
    private void closeEldest(String justOpened) {
        List<String> eldest;
        synchronized (open) {
            int many = open.size() - OPEN_FILES;
            eldest = many <= 0 ? List.of() : new ArrayList<>(open.keySet()).subList(0, many);
        }
        for (String conversation : eldest) {
            ReentrantLock stripe = stripe(conversation);
            if (!conversation.equals(justOpened) && stripe.tryLock()) {
                try {
                    close(conversation);
                } catch (IOException e) {
                    FileLog.LOG.warn("cannot close {}: {}", file(conversation), e.getMessage());
                } finally {
                    stripe.unlock();
                }
            }
        }
    }

    /** The failure of something that was to be done with a conversation, in words. */
    StoreException unavailable(String what, String conversation, IOException cause) {
        return new StoreException(
                StoreException.Kind.UNAVAILABLE,
                "cannot " + what + " " + conversation + " in " + folder + ": " + cause
                        + "; check the folder, its rights and its disk",
                cause);
    }

    /** How many files are open for writing. */
    int count() {
        synchronized (open) {
            return open.size();
        }
    }

    /** Returns once all is over that was under way when this was called. */
    @SuppressWarnings("LockNotBeforeTry") // Nothing is done under the lock but to have had it.
    void await() {
        for (ReentrantLock stripe : stripes) {
            if (stripe.isLocked()) {
                stripe.lock();
                stripe.unlock();
            }
        }
    }

    /** Closes all files with the last of the users, which do nothing any more. */
    void close() throws IOException {
        synchronized (ALL) {
            users--;
            if (users > 0) {
                return;
            }
            ALL.values().remove(this);
        }
        try {
            closeAll();
        } finally {
            synchronized (this) {
                if (locks != null) {
                    locks.close();
                    locks = null;
                }
            }
        }
    }

    private void closeAll() throws IOException {
        List<String> all;
        synchronized (open) {
            all = List.copyOf(open.keySet());
        }
        IOException failed = null;
        for (String conversation : all) {
            try {
                exclusively(conversation, () -> {
                    close(conversation);
                    return null;
                });
            } catch (IOException e) {
                failed = e;
            }
        }
        if (failed != null) {
            throw failed;
        }
    }
}
