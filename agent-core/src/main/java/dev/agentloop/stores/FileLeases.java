package dev.agentloop.stores;

import dev.agentloop.spi.Leases;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.channels.FileLock;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The lock in the folder that says that this store lives, and what the locks of others say. It is taken before the store's first
 * append and lasts until the store is closed or the process dies, however that happens; no clock has a part in it. A process
 * that is stopped keeps it. Thread-safe.
 */
final class FileLeases implements Leases {
    private final FileLogs logs;
    private final String process = UUID.randomUUID().toString();
    private volatile @Nullable FileLock shown;

    FileLeases(FileLogs logs) {
        this.logs = logs;
    }

    /** Shows from now on that this store lives; nobody can have asked before its first append. */
    synchronized void show() throws IOException {
        if (shown == null) {
            shown = logs.locks().show(process);
        }
    }

    /** Shows it no longer. */
    synchronized void end() throws IOException {
        FileLock lock = shown;
        shown = null;
        if (lock != null) {
            lock.release();
        }
    }

    @Override
    public String process() {
        return process;
    }

    @Override
    public boolean alive(String other) {
        try {
            return logs.alive(other);
        } catch (IOException e) {
            throw new StoreException(
                    StoreException.Kind.UNAVAILABLE,
                    "cannot see in " + logs.folder() + " whether process " + other + " is alive: " + e
                            + "; check the folder, its rights and whether its disk has locks",
                    e);
        }
    }

    /** The system gives a lock back when its process ends, and not before, unless that one closes its store. */
    @Override
    public boolean ended(String other) {
        return !alive(other);
    }

    @Override
    public boolean held(long since) {
        return shown != null;
    }
}
