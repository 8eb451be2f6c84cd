package dev.agentloop.internal.control;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings everything that other threads have to say to the one thread that owns a run: the model's items, the tools'
 * outputs, answers to questions, cancellation. So only that thread appends, and nothing of a run needs a lock.
 *
 * <p>{@link #post}, {@link #offer}, {@link #urge} and {@link #close} may be called on any thread, the rest on the owner's only.
 */
public final class Mailbox {
    private static final int CAPACITY = 1_024;
    // The clock counts nanoseconds in 63 bits, which are 292 years.
    private static final Duration LONGEST = Duration.ofDays(100 * 365);

    private final LinkedBlockingQueue<Runnable> letters = new LinkedBlockingQueue<>(CAPACITY);
    private final TreeMap<Long, Runnable> timers = new TreeMap<>();
    private volatile @Nullable Runnable urgent;
    private volatile boolean closed;

    /** Has a task run on the owner's thread; waits while the mailbox is full. Dropped once the run is over. */
    public void post(Runnable task) {
        boolean interrupted = false;
        while (!closed) {
            try {
                letters.put(task);
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Has a task run on the owner's thread, and never waits; false if the mailbox is full, or the run is over. */
    public boolean offer(Runnable task) {
        return !closed && letters.offer(task);
    }

    /** Has a task run before all others, and never waits, so that the owner's own thread may call it too. */
    void urge(Runnable task) {
        urgent = task;
        // Only wakes the owner; where the mailbox is full, the owner is awake.
        letters.offer(() -> {});
    }

    /** Has a task run on the owner's thread after a while, if he waits then; gives what {@link #forget} takes. */
    public long after(Duration delay, Runnable task) {
        long at = System.nanoTime() + (delay.compareTo(LONGEST) > 0 ? LONGEST : delay).toNanos();
        while (timers.putIfAbsent(at, task) != null) {
            at++;
        }
        return at;
    }

    /** Takes back a task that has not run yet. */
    public void forget(long timer) {
        timers.remove(timer);
    }

    /** Runs what comes in until {@code done}, which is asked before the first task and after each. */
    public void await(BooleanSupplier done) throws InterruptedException {
        while (true) {
            Runnable first = urgent;
            if (first != null) {
                urgent = null;
                first.run();
            }
            if (done.getAsBoolean()) {
                return;
            }
            Map.Entry<Long, Runnable> next = timers.firstEntry();
            if (next != null && next.getKey() <= System.nanoTime()) {
                timers.remove(next.getKey());
                next.getValue().run();
                continue;
            }
            Runnable letter = next == null
                    ? letters.take()
                    : letters.poll(next.getKey() - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (letter != null) {
                letter.run();
            }
        }
    }

    /** Lets nothing in any more. */
    public void close() {
        closed = true;
        letters.clear();
        timers.clear();
    }
}
