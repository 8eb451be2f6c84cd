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
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The files of a folder that are open for writing, few of them and those used last, and what is remembered of the others.
 *
 * <p>Thread-safe. Each conversation has one of a fixed number of locks, by its id; no thread waits for a second one while
 * it holds one.
 */
final class FileLogs {
    private static final int OPEN_FILES = 64;
    private static final int REMEMBERED = 16 * 1024;
    private static final int STRIPES = 512;

    private final Path folder;
    private final FileAccess access;
    private final ReentrantLock[] stripes = new ReentrantLock[STRIPES];
    // Both in the order of use, and guarded by their own monitors.
    private final Map<String, FileLog> open = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<String, FileIndex> remembered = new LinkedHashMap<>(16, 0.75f, true);
    private @Nullable FileLocks locks;
    private volatile boolean closed;

    FileLogs(Path folder, FileAccess access) {
        this.folder = folder;
        this.access = access;
        for (int i = 0; i < STRIPES; i++) {
            stripes[i] = new ReentrantLock();
        }
    }

    /** Something that is done with a conversation. */
    @FunctionalInterface
    interface Action<T extends @Nullable Object> {
        T run() throws IOException;
    }

    /** Runs {@code action} while no other thread of this store does anything else to the conversation. */
    <T extends @Nullable Object> T exclusively(String conversation, Action<T> action) throws IOException {
        ReentrantLock stripe = stripe(conversation);
        stripe.lock();
        try {
            if (closed) {
                throw new StoreException(
                        StoreException.Kind.UNAVAILABLE,
                        "the store of " + folder + " is closed; open another one on the folder");
            }
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

    /** The file, open for writing; made if it does not exist. */
    FileLog open(String conversation) throws IOException {
        FileLog known = opened(conversation);
        if (known != null) {
            return known;
        }
        FileLock lock = lock(conversation);
        FileLog log;
        try {
            Path file = file(conversation);
            log = FileLog.open(file, !Files.exists(file), access, lock, index(conversation));
        } catch (IOException | RuntimeException e) {
            lock.release();
            throw e;
        }
        synchronized (open) {
            open.put(conversation, log);
        }
        closeEldest(conversation);
        return log;
    }

    /** Runs what puts another file in the place of the conversation's, or none, while nobody else may write to it. */
    <T extends @Nullable Object> T replacing(String conversation, Action<T> action) throws IOException {
        forget(conversation);
        FileLock lock = lock(conversation);
        try {
            return action.run();
        } finally {
            lock.release();
        }
    }

    // Takes the right to write to the conversation, which must not be open; makes the folder where there is none.
    private FileLock lock(String conversation) throws IOException {
        synchronized (this) {
            if (locks == null) {
                makeFolder();
                locks = FileLocks.of(folder);
            }
            return locks.take(conversation);
        }
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
        if (log != null) {
            log.close();
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

    /** How many files are open for writing. */
    int count() {
        synchronized (open) {
            return open.size();
        }
    }

    /** Refuses whatever comes from now on, waits for what is under way, and closes all files. */
    void close() throws IOException {
        closed = true;
        try {
            for (ReentrantLock stripe : stripes) {
                stripe.lock();
                try {
                    closeAll(stripe);
                } finally {
                    stripe.unlock();
                }
            }
        } finally {
            synchronized (this) {
                if (locks != null) {
                    locks.close();
                    locks = null;
                }
            }
        }
    }

    private void closeAll(ReentrantLock stripe) throws IOException {
        List<String> all;
        synchronized (open) {
            all = List.copyOf(open.keySet());
        }
        for (String conversation : all) {
            if (stripe(conversation).equals(stripe)) {
                close(conversation);
            }
        }
    }
}
