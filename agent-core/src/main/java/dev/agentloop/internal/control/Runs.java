package dev.agentloop.internal.control;

import dev.agentloop.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runs of an agent that are under way or wait, and the code of the host's that some of them have left running. While
 * there are any, a thread of its own watches over them. Thread-safe.
 */
public final class Runs {
    private static final Logger LOG = LoggerFactory.getLogger(Runs.class);
    private static final long LOOK_MILLIS = 250;

    private final Set<RunControl> live = new LinkedHashSet<>();
    private final LeftWork left;
    private boolean closed;
    private boolean watching;

    /** The runs of an agent that has these threads. */
    public Runs(Workers workers) {
        this.left = workers.left();
        left.onLeft(this::watch);
    }

    /** Lets a run begin; refused, as by {@link #checkOpen}, if the agent is closed. */
    public synchronized void begin(RunControl run) {
        checkOpen();
        live.add(run);
        watch();
    }

    /** Refuses what a closed agent does not do any more. */
    public synchronized void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this agent is closed; build another one to run conversations");
        }
    }

    public synchronized void end(RunControl run) {
        live.remove(run);
        notifyAll();
    }

    private synchronized void watch() {
        if (watching) {
            return;
        }
        try {
            Thread watch = new Thread(this::lookAround, "agentloop-watch");
            watch.setDaemon(true);
            watch.start();
            watching = true;
        } catch (Throwable e) {
            // The system may have no thread left. Cancelling works without; only what is stuck is not told of.
            LOG.warn("no thread could be started to watch over the runs", e);
        }
    }

    private void lookAround() {
        while (true) {
            List<RunControl> now;
            synchronized (this) {
                boolean someLeft = left.look();
                if (live.isEmpty() && !someLeft) {
                    watching = false;
                    return;
                }
                now = List.copyOf(live);
                try {
                    wait(LOOK_MILLIS);
                } catch (InterruptedException e) {
                    // Nobody else knows this thread, so nobody means anything by it.
                    LOG.debug("the watch over the runs was interrupted, and goes on", e);
                }
            }
            now.forEach(RunControl::look);
        }
    }

    /**
     * Lets no run begin any more, waits for those that are under way, then ends the rest, and waits for their end.
     *
     * @param drain how long runs may go on by themselves
     */
    public void close(Duration drain) {
        synchronized (this) {
            closed = true;
        }
        boolean interrupted = !await(drain);
        List<RunControl> rest;
        synchronized (this) {
            rest = new ArrayList<>(live);
        }
        // Those that wait first: they must not begin because the one before them ends.
        Collections.reverse(rest);
        rest.forEach(run -> run.end(new RunEnd("interrupted: the agent was closed", Outcome.Cancelled::new)));
        interrupted |= !await(Work.BOUND);
        String stuck = stuck();
        if (!stuck.isEmpty()) {
            LOG.warn("the agent was closed, and these runs have not ended: {}", stuck);
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    // False where the thread was interrupted. A run whose own thread closes the agent is not waited for.
    private synchronized boolean await(Duration most) {
        long end = System.nanoTime() + most.toNanos();
        while (live.stream().anyMatch(run -> !run.isOwner())) {
            long millis = Duration.ofNanos(end - System.nanoTime()).toMillis();
            if (millis <= 0) {
                return true;
            }
            try {
                wait(millis);
            } catch (InterruptedException e) {
                return false;
            }
        }
        return true;
    }

    private synchronized String stuck() {
        return live.stream()
                .filter(run -> !run.isOwner())
                .map(run -> run.conversation() + (run.doing().isEmpty() ? "" : " (in " + run.doing() + ")"))
                .collect(Collectors.joining(", "));
    }
}
