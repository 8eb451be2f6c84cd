package dev.agentloop.internal.control;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The threads on which models, tools, approvers, compactors and listeners work: virtual ones where the runtime has them (JDK
 * 21 and later). Thread-safe.
 */
public final class Workers {
    private static final long IDLE_SECONDS = 60;

    private final ExecutorService executor;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final LeftWork left = new LeftWork();

    /** Workers on threads of this factory; null for the agent's own. */
    public Workers(@Nullable ThreadFactory factory) {
        ExecutorService virtual = factory == null ? virtualThreads() : null;
        executor = virtual != null ? virtual : pool(factory == null ? platformThreads() : factory);
    }

    private static ExecutorService pool(ThreadFactory factory) {
        return new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), factory);
    }

    private static @Nullable ExecutorService virtualThreads() {
        try {
            // Compiled for Java 17, which does not know the method.
            return (ExecutorService)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (NoSuchMethodException e) {
            return null;
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("the runtime's virtual threads cannot be used", e);
        }
    }

    // Daemons: an agent that nobody closed must not keep a program from ending.
    private static ThreadFactory platformThreads() {
        AtomicLong count = new AtomicLong();
        return task -> {
            Thread thread = new Thread(task, "agentloop-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * Has code of the host's run on a thread of its own. What comes of it, whatever that is, goes to {@code then} through the
     * mailbox: the result, which may be null, or what was thrown; also where no thread could be had.
     *
     * @param name of the work, as log lines and thread dumps show it
     */
    <T> Work call(String name, Callable<T> code, Mailbox mailbox, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        Work work = new Work(name, unwanted -> {
            T result = null;
            Throwable failure = null;
            try {
                if (unwanted) {
                    throw new InterruptedException(name + " was not begun");
                }
                result = code.call();
            } catch (Throwable e) {
                // The host's code throws whatever it likes, and somebody waits for the answer.
                failure = e;
            }
            T given = result;
            Throwable thrown = failure;
            mailbox.post(() -> then.accept(given, thrown));
        });
        try {
            execute(work);
        } catch (IllegalStateException e) {
            // This is the owner's own thread, which must not wait for room in its mailbox.
            mailbox.after(Duration.ZERO, () -> then.accept(null, e));
        }
        return work;
    }

    /** Has work done on a thread of its own; {@code IllegalStateException} if there is no thread for it. */
    public void execute(Work work) {
        try {
            executor.execute(work);
        } catch (Throwable e) {
            // A closed executor refuses, a factory may throw anything, and the system may have no thread left.
            work.end();
            throw new IllegalStateException(
                    executor.isShutdown()
                            ? work.name() + " was not begun: the agent is closed"
                            : "no thread could be started for " + work.name() + ": " + e,
                    e);
        }
    }

    /** What was left running on these threads. */
    LeftWork left() {
        return left;
    }

    /** Waits for so long, or until these workers are closed; true where they are. */
    public boolean closedWithin(long millis) throws InterruptedException {
        return closed.await(millis, TimeUnit.MILLISECONDS);
    }

    /**
     * Begins nothing any more. What is at work was interrupted by its run; a listener is left to take the last events.
     */
    public void close() {
        closed.countDown();
        executor.shutdown();
    }
}
