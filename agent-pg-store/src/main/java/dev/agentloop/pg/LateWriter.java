package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * An append only notes its conversation, in memory. What a crash takes from there is caught up with at the conversation's
 * next append, from the log.
 */
/** Counts what was appended, some time later, on a thread of its own. Begins with the first append, ends with its store. */
final class LateWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LateWriter.class);
    private static final int MOST = 100_000;
    private static final long LAST_WRITE_MILLIS = 10_000;

    /** A conversation of a tenant. */
    private record Key(String tenant, String conversation) {}

    private final Database database;
    private final Duration interval;
    private final Set<Key> behind = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ended = lock.newCondition();
    private volatile @Nullable Thread writing;
    private boolean closed;
    private boolean failed;

    LateWriter(Database database, Duration interval) {
        this.database = database;
        this.interval = interval;
    }

    /** Notes that something was appended. */
    void appended(String tenant, String conversation) {
        if (interval.isZero() || behind.size() >= MOST) {
            return;
        }
        behind.add(new Key(tenant, conversation));
        if (writing == null) {
            begin();
        }
    }

    private void begin() {
        lock.lock();
        try {
            if (writing == null && !closed) {
                Thread thread = new Thread(this::run, "agentloop-pg-late-writer");
                thread.setDaemon(true);
                thread.start();
                writing = thread;
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (awaitNext()) {
            write();
        }
        write();
    }

    private boolean awaitNext() {
        lock.lock();
        try {
            long left = interval.toNanos();
            while (!closed && left > 0) {
                left = ended.awaitNanos(left);
            }
            return !closed;
        } catch (InterruptedException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    // Of a server that cannot write now, nothing more is asked this time.
    private void write() {
        for (Key key : Set.copyOf(behind)) {
            behind.remove(key);
            try {
                new Activity(database, key.tenant()).refresh(key.conversation());
                failed = false;
            } catch (StoreException e) {
                behind.add(key);
                if (!failed) {
                    LOG.warn("{} conversations are not counted yet: {}", behind.size(), e.getMessage());
                }
                failed = true;
                return;
            } catch (RuntimeException e) {
                LOG.warn("conversation {} cannot be counted", key.conversation(), e);
            }
        }
    }

    /** Counts what is left, if it can, and within some seconds: the log has it all. */
    @Override
    public void close() {
        Thread thread;
        lock.lock();
        try {
            closed = true;
            ended.signalAll();
            thread = writing;
        } finally {
            lock.unlock();
        }
        try {
            if (thread != null) {
                thread.join(LAST_WRITE_MILLIS);
                if (thread.isAlive()) {
                    LOG.warn("the store closes with about {} conversations not counted yet", behind.size() + 1);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
