package dev.agentloop.pg;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something again and again on a thread of its own, with a pause before each time, until it is ended. Thread-safe. */
final class Rhythm {
    private static final Logger LOG = LoggerFactory.getLogger(Rhythm.class);

    private final String name;
    private final Duration pause;
    private final Runnable work;
    private final Runnable last;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition ending = lock.newCondition();
    private volatile @Nullable Thread thread;
    private boolean ended;

    /**
     * A rhythm that has not begun.
     *
     * @param name is the thread's
     * @param work is done again even if it threw something
     * @param last is done once in the end, if it was begun
     */
    Rhythm(String name, Duration pause, Runnable work, Runnable last) {
        this.name = name;
        this.pause = pause;
        this.work = work;
        this.last = last;
    }

    /** Begins it; nothing once it has begun, or was ended. */
    void begin() {
        if (thread != null) {
            return;
        }
        lock.lock();
        try {
            if (thread == null && !ended) {
                Thread begun = new Thread(this::run, name);
                begun.setDaemon(true);
                begun.start();
                thread = begun;
            }
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (pause()) {
            done(work);
        }
        done(last);
    }

    private void done(Runnable what) {
        try {
            what.run();
        } catch (RuntimeException e) {
            LOG.warn("{} failed; it goes on", name, e);
        }
    }

    private boolean pause() {
        lock.lock();
        try {
            long left = pause.toNanos();
            while (!ended && left > 0) {
                left = ending.awaitNanos(left);
            }
            return !ended;
        } catch (InterruptedException e) {
            return false;
        } finally {
            lock.unlock();
        }
    }

    /** Ends it, and waits for the work that is being done; false if that takes longer than this. */
    boolean end(Duration patience) throws InterruptedException {
        Thread begun;
        lock.lock();
        try {
            ended = true;
            ending.signalAll();
            begun = thread;
        } finally {
            lock.unlock();
        }
        if (begun == null) {
            return true;
        }
        begun.join(Math.max(1, patience.toMillis()));
        return !begun.isAlive();
    }
}
