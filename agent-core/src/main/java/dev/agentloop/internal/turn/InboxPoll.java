package dev.agentloop.internal.turn;

import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.RunControl;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for all runs at work on one store, by one question every two seconds, whether something was left for them, and tells
 * those concerned, which look for themselves. While a question has no answer none is asked, and no run notices. A store that
 * fails is named once, and once more when it works again. Thread-safe.
 */
public final class InboxPoll {
    private static final Logger LOG = LoggerFactory.getLogger(InboxPoll.class);
    private static final Duration INTERVAL = Duration.ofSeconds(2);
    private static final Executor LATER =
            CompletableFuture.delayedExecutor(INTERVAL.toMillis(), TimeUnit.MILLISECONDS, InboxPoll::start);

    private final Map<RunControl, Watcher> watchers = new LinkedHashMap<>();
    private Executor later = LATER;
    private boolean ticking;
    private boolean asking;
    private int failures;

    InboxPoll() {}

    /** A run that looks into its inbox, by itself and when it is told to. */
    private record Watcher(RunControl run, HostStore store, Runnable look, AtomicBoolean told) {
        // Of a run that does not get round to it, not more than one letter waits.
        void tell() {
            if (told.compareAndSet(false, true) && !run.mailbox().offer(this::looked)) {
                told.set(false);
            }
        }

        private void looked() {
            told.set(false);
            look.run();
        }
    }

    // Each tick has a thread of its own, since the store may keep it; there is none while all runs are shorter.
    private static void start(Runnable tick) {
        try {
            Thread thread = new Thread(tick, "agentloop-inbox");
            thread.setDaemon(true);
            thread.start();
        } catch (Throwable e) {
            // The system may have no thread left. By the next time it may have one.
            LOG.warn("no thread could be started to look into the inboxes", e);
            LATER.execute(tick);
        }
    }

    /** Has this executor wait for the next time to look, in place of two seconds. */
    public synchronized void every(Executor interval) {
        later = interval;
    }

    /** Has a run look, on its own thread, when something was left for it. */
    synchronized void add(RunControl run, HostStore store, Runnable look) {
        watchers.put(run, new Watcher(run, store, look, new AtomicBoolean()));
        if (!ticking) {
            ticking = true;
            later.execute(this::tick);
        }
    }

    synchronized void remove(RunControl run) {
        watchers.remove(run);
    }

    private void tick() {
        List<Watcher> now;
        synchronized (this) {
            ticking = !watchers.isEmpty();
            if (!ticking) {
                return;
            }
            later.execute(this::tick);
            now = List.copyOf(watchers.values());
            if (asking) {
                failed(now, "the store has not answered yet", null);
                return;
            }
            asking = true;
        }
        try {
            ask(now);
        } finally {
            synchronized (this) {
                asking = false;
            }
        }
    }

    private void ask(List<Watcher> all) {
        Set<String> conversations =
                all.stream().map(watcher -> watcher.run().conversation()).collect(Collectors.toSet());
        Set<String> waiting;
        try {
            waiting = store(all).waiting(conversations);
        } catch (RuntimeException e) {
            failed(all, String.valueOf(e.getMessage()), e);
            return;
        }
        worked();
        all.stream()
                .filter(watcher -> waiting.contains(watcher.run().conversation()))
                .forEach(Watcher::tell);
    }

    // All reach the same conversations. Where one fails, such as one that its host has closed, it is another one's
    // turn.
    private synchronized HostStore store(List<Watcher> all) {
        return all.get(failures % all.size()).store();
    }

    private synchronized void failed(List<Watcher> all, String what, @Nullable Throwable failure) {
        if (failures++ == 0) {
            LOG.warn(
                    "the inboxes of {} runs, that of conversation {} among them, could not be looked into: {}; trying on every"
                            + " {} seconds. What lies there waits, and the runs go on",
                    all.size(),
                    all.get(0).run().conversation(),
                    what,
                    INTERVAL.toSeconds(),
                    failure);
        }
    }

    private synchronized void worked() {
        if (failures > 0) {
            LOG.info("the inboxes can be looked into again, after {} times", failures);
        }
        failures = 0;
    }
}
