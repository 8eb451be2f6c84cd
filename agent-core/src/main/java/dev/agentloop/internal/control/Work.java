package dev.agentloop.internal.control;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Code of the host's at work on a thread of the agent's, under a name that thread dumps and log lines show. Thread-safe. */
public final class Work implements Runnable {
    /** How long code of the host's may go on after its interrupt before the log names it, and what waits goes on. */
    public static final Duration BOUND = Duration.ofSeconds(2);

    private static final Logger LOG = LoggerFactory.getLogger(Work.class);

    private final String name;
    private final Body body;
    private @Nullable Thread runner;
    private boolean unwanted;
    private boolean ended;
    private boolean left;

    /** What it does. */
    public interface Body {
        /** Does it; where {@code unwanted} says so, nobody wants it any more, and nothing may be begun. */
        void run(boolean unwanted);
    }

    public Work(String name, Body body) {
        this.name = name;
        this.body = body;
    }

    @Override
    public void run() {
        Thread thread = Thread.currentThread();
        boolean skip;
        synchronized (this) {
            runner = thread;
            skip = unwanted;
        }
        String before = thread.getName();
        thread.setName(name);
        try {
            body.run(skip);
        } catch (Throwable e) {
            LOG.error("{} failed, which is a fault of this library", name, e);
        } finally {
            thread.setName(before);
            end();
            // An interrupt that came late is meant for nobody who works on this thread next.
            Thread.interrupted();
        }
    }

    /** Says that nobody wants it any more: its thread is interrupted, and what has not begun does not. */
    public synchronized void interrupt() {
        unwanted = true;
        if (runner != null) {
            runner.interrupt();
        }
    }

    /** It has no thread any more, or never got one. */
    synchronized void end() {
        runner = null;
        ended = true;
    }

    public synchronized boolean ended() {
        return ended;
    }

    /** Whether this is asked for the first time, so that it is counted among what was left running only once. */
    synchronized boolean leave() {
        boolean first = !left;
        left = true;
        return first;
    }

    String name() {
        return name;
    }
}
