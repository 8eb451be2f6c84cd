package dev.agentloop;

import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;

/** The threads on which models and tools work: virtual ones where the runtime has them (JDK 21 and later). */
final class LoopThreads {
    private LoopThreads() {}

    static ExecutorService executor() {
        try {
            // Compiled for Java 17, which does not know the method.
            return (ExecutorService)
                    Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (NoSuchMethodException e) {
            return Executors.newCachedThreadPool(platformThreads());
        } catch (IllegalAccessException | InvocationTargetException e) {
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
}
