package dev.agentloop;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runs of an agent that are under way or wait, and the code of the host's that some of them have left running. While
 * there are any, a thread of its own watches over them. Thread-safe.
 */
final class Runs {
    private static final Logger LOG = LoggerFactory.getLogger(Runs.class);
    private static final long LOOK_MILLIS = 250;

    private final Set<RunControl> live = new LinkedHashSet<>();
    private final List<Left> left = new ArrayList<>();
    private boolean closed;
    private boolean watching;

    /** Code that a run did not wait for. */
    private static final class Left {
        private final String conversation;
        private final Work work;
        private final boolean writes;
        private final long since = System.nanoTime();
        private boolean named;

        Left(String conversation, Work work, boolean writes) {
            this.conversation = conversation;
            this.work = work;
            this.writes = writes;
        }
    }

    /**
     * Lets a run begin.
     *
     * @throws IllegalStateException if the agent is closed
     */
    synchronized void begin(RunControl run) {
        checkOpen();
        live.add(run);
        watch();
    }

    /** Refuses what a closed agent does not do any more. */
    synchronized void checkOpen() {
        if (closed) {
            throw new IllegalStateException("this agent is closed; build another one to run conversations");
        }
    }

    synchronized void end(RunControl run) {
        live.remove(run);
        notifyAll();
    }

    /** Takes note of code that goes on after its run, or its call, is over. */
    synchronized void leave(String conversation, Work work, boolean writes) {
        if (!work.ended() && work.leave()) {
            left.add(new Left(conversation, work, writes));
            watch();
        }
    }

    /** What still changes things for a call of that conversation which is over; null where nothing does. */
    synchronized @Nullable String stillWriting(String conversation) {
        return left.stream()
                .filter(one -> one.writes && one.conversation.equals(conversation) && !one.work.ended())
                .map(one -> one.work.name())
                .findFirst()
                .orElse(null);
    }

    private void watch() {
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
                if (live.isEmpty() && left.isEmpty()) {
                    watching = false;
                    return;
                }
                now = List.copyOf(live);
                lookAtLeft();
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

    private void lookAtLeft() {
        for (Left one : left) {
            long seconds = Duration.ofNanos(System.nanoTime() - one.since).toSeconds();
            if (!one.work.ended() && !one.named && seconds >= RunControl.BOUND.toSeconds()) {
                one.named = true;
                LOG.warn(
                        "conversation {}: {} ignores its interrupt and was left running; its output is dropped, and {}"
                                + " such threads of this agent are running now",
                        one.conversation,
                        one.work.name(),
                        left.stream().filter(other -> other.named).count());
            } else if (one.work.ended() && one.named) {
                LOG.info(
                        "conversation {}: {}, which was left running, has ended after {} seconds",
                        one.conversation,
                        one.work.name(),
                        seconds);
            }
        }
        left.removeIf(one -> one.work.ended());
    }

    /**
     * Lets no run begin any more, waits for those that are under way, then ends the rest, and waits for their end.
     *
     * @param drain how long runs may go on by themselves
     */
    void close(Duration drain) {
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
        rest.forEach(run -> run.end(new RunOver("interrupted: the agent was closed", Outcome.Cancelled::new)));
        interrupted |= !await(RunControl.BOUND);
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
