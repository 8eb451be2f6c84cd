package dev.agentloop.openai;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * Why not the client's own executor: it takes each step of a request to another thread, some five times for a short
 * response, and waking a thread costs more than the step. None of the steps waits for anything: they read and write what is
 * there, and this library's subscribers only put it into a queue. But encryption takes time, and the one thread of the
 * selector would do that of all connections, so with many requests at once each step goes to a thread of a pool.
 */
/** Runs the steps of the JDK's HTTP client: where few requests are under way, on the thread that has found them. */
final class ClientSteps implements Executor {
    /** With so many requests none waits long for the steps of another. */
    static final int FEW = 2;

    private static final Logger LOG = LoggerFactory.getLogger(ClientSteps.class);
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final IntSupplier requests;
    private final ExecutorService pool = Executors.newCachedThreadPool(ClientSteps::thread);

    /**
     * @param requests tells how many are under way
     */
    ClientSteps(IntSupplier requests) {
        this.requests = requests;
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "agentloop-http-" + COUNT.incrementAndGet());
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void execute(Runnable step) {
        if (requests.getAsInt() > FEW) {
            pool.execute(step);
            return;
        }
        try {
            step.run();
        } catch (RuntimeException | Error e) {
            // In a pool it would cost a thread of it; here it would cost the client its selector.
            LOG.error("a step of the HTTP client failed", e);
        }
    }
}
