package dev.agentloop.stores;

import dev.agentloop.internal.Sha256;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/*
 * On POSIX systems a process that closes a file loses all its locks on that file, whichever of its descriptors took them.
 * So nobody but this class opens the file of locks, and all stores of one folder share the one open file.
 */
/**
 * Who writes to which conversation right now, and which processes live: a lock on one byte for each, in one file of the folder
 * that is never written to. The system gives the locks of a process back when it dies, however that happens.
 *
 * <p>Thread-safe.
 */
final class FileLocks {
    static final String FILE = ".lock";
    // Half of the places are for conversations, the other half for processes.
    private static final long PLACES = 1L << 62;
    private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(20);
    private static final Map<Path, FileLocks> OPEN = new HashMap<>();

    private final Path folder;
    private final RandomAccessFile file;
    private int users;

    private FileLocks(Path folder) throws IOException {
        this.folder = folder;
        this.file = new RandomAccessFile(folder.resolve(FILE).toFile(), "rw");
    }

    /** The locks of an existing folder; {@link #close} is to be called once for each call of this. */
    static FileLocks of(Path folder) throws IOException {
        Path real = folder.toRealPath();
        synchronized (OPEN) {
            FileLocks locks = OPEN.get(real);
            if (locks == null) {
                locks = new FileLocks(real);
                OPEN.put(real, locks);
            }
            locks.users++;
            return locks;
        }
    }

    /**
     * Takes the lock of a conversation; whoever has it releases it.
     *
     * @param patience how long to wait for whoever has it, in nanoseconds; an interrupt of this thread does not end the wait,
     *     and is kept
     * @throws StoreException {@code LOCKED} if it is not to be had by then
     */
    FileLock take(String conversation, long patience) throws IOException {
        UUID id = UUID.fromString(conversation);
        long place = (id.getMostSignificantBits() * 31 + id.getLeastSignificantBits()) & (PLACES - 1);
        long end = System.nanoTime() + patience;
        boolean interrupted = false;
        try {
            for (long pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
                FileLock lock = tryTake(place);
                if (lock != null) {
                    return lock;
                }
                if (System.nanoTime() - end >= 0) {
                    throw locked(conversation);
                }
                LockSupport.parkNanos(this, pause);
                interrupted |= Thread.interrupted();
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private @Nullable FileLock tryTake(long place) throws IOException {
        try {
            return file.getChannel().tryLock(place, 1, false);
        } catch (OverlappingFileLockException e) {
            return null; // Somebody of this process has it, who reached the folder by another path.
        }
    }

    private StoreException locked(String conversation) {
        return new StoreException(
                StoreException.Kind.LOCKED,
                "conversation " + conversation + " in " + folder
                        + " is being written to by another process, which has not"
                        + " finished: nothing was changed. Try again; if it stays so, that process is stopped or its disk"
                        + " hangs. Reading is possible all the time");
    }

    /** Shows that a process of this name lives, until the lock is released. */
    FileLock show(String process) throws IOException {
        FileLock lock = tryTake(place(process));
        if (lock == null) {
            throw new IOException("the name " + process + " of this process is taken in " + folder + " by another one");
        }
        return lock;
    }

    /** Whether a process of this name lives. Only one thread at a time looks, since two would be in each other's way. */
    synchronized boolean alive(String process) throws IOException {
        // Shared: observers in other processes that look at the same time do not take each other for the process.
        try (FileLock free = file.getChannel().tryLock(place(process), 1, true)) {
            return free == null;
        } catch (OverlappingFileLockException e) {
            return true;
        }
    }

    private static long place(String process) {
        long hash = ByteBuffer.wrap(Sha256.of(process.getBytes(StandardCharsets.UTF_8)))
                .getLong();
        return PLACES + (hash & (PLACES / 2 - 1));
    }

    /** Closes the file with the last of its users. */
    void close() throws IOException {
        synchronized (OPEN) {
            users--;
            if (users == 0) {
                OPEN.remove(folder);
                file.close();
            }
        }
    }
}
