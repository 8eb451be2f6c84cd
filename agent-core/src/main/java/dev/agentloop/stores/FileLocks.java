package dev.agentloop.stores;

import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/*
 * On POSIX systems a process that closes a file loses all its locks on that file, whichever of its descriptors took them.
 * So nobody but this class opens the file of locks, and all stores of one folder share the one open file.
 */
/**
 * Who may write to which conversation: a lock on one byte for each, in one file of the folder that is never written to.
 *
 * <p>Thread-safe.
 */
final class FileLocks {
    static final String FILE = ".lock";
    private static final long BYTES = 1L << 62;
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
     * @throws StoreException {@code LOCKED} if someone else has it
     */
    FileLock take(String conversation) throws IOException {
        UUID id = UUID.fromString(conversation);
        long place = (id.getMostSignificantBits() * 31 + id.getLeastSignificantBits()) & (BYTES - 1);
        try {
            FileLock lock = file.getChannel().tryLock(place, 1, false);
            if (lock != null) {
                return lock;
            }
        } catch (OverlappingFileLockException e) {
            throw locked(conversation, "another store in this process");
        }
        throw locked(conversation, "another process");
    }

    private StoreException locked(String conversation, String who) {
        return new StoreException(
                StoreException.Kind.LOCKED,
                "conversation " + conversation + " in " + folder + " is open for writing in " + who
                        + ": go on there, or close that one first; reading is possible all the time");
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
