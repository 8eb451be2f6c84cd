package dev.agentloop.internal.control;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A run as other threads see it, from the call of {@code run} on: they end it, hand it more input, and see where it is stuck
 * in code of the host's.
 *
 * <p>Thread-safe, but for what calls the host's code or waits, which belongs to the run's own thread.
 */
public final class RunControl {
    private static final Logger LOG = LoggerFactory.getLogger(RunControl.class);
    // A store that works is not disturbed in the append that says how the run ended.
    private static final long PATIENCE = Duration.ofSeconds(1).toNanos();

    private final String conversation;
    private final Workers workers;
    private final Thread owner = Thread.currentThread();
    private final Mailbox mailbox = new Mailbox();
    private final Steering steering = new Steering();
    private @Nullable RunEnd over;
    private long overAt;
    private boolean ending;
    private @Nullable RunEnd timeUp;
    private long deadline;
    private @Nullable Visit call;

    public RunControl(String conversation, Workers workers) {
        this.conversation = conversation;
        this.workers = workers;
    }

    /** A call of the host's code that the run's thread is in. */
    private static final class Visit {
        private final Object what;
        private final long patience;
        private final boolean quick;
        private final @Nullable Visit around;
        private final long since = System.nanoTime();
        private boolean interrupted;
        private boolean named;

        Visit(Object what, long patience, boolean quick, @Nullable Visit around) {
            this.what = what;
            this.patience = patience;
            this.quick = quick;
            this.around = around;
        }
    }

    public String conversation() {
        return conversation;
    }

    public Mailbox mailbox() {
        return mailbox;
    }

    public Steering steering() {
        return steering;
    }

    /**
     * Has code of the host's run on a thread of its own; what comes of it is taken in on the run's own thread.
     *
     * @see Workers#call
     */
    public <T> Work work(String name, Callable<T> code, BiConsumer<@Nullable T, @Nullable Throwable> then) {
        return workers.call(name, code, mailbox, then);
    }

    /** Waits no longer for code of the host's, which may go on. */
    public void leave(Work work, boolean writes) {
        workers.left().leave(conversation, work, writes);
    }

    /** What still changes things for a call which is over; null where nothing does. */
    public @Nullable String stillWriting() {
        return workers.left().stillWriting(conversation);
    }

    /** Ends the run if it is not ending yet, from any thread: wakes it where it waits, interrupts it in the host's code. */
    public void end(RunEnd how) {
        synchronized (this) {
            if (over == null) {
                over = how;
                overAt = System.nanoTime();
            }
            interruptIfDue(System.nanoTime());
        }
        mailbox.urge(this::check);
    }

    /** Ends the run in this way when so much time has passed since it was begun to run. */
    public synchronized void limit(Duration time, RunEnd how) {
        timeUp = how;
        deadline = System.nanoTime() + time.toNanos();
    }

    /** Ends the run because its time is up; on its own thread. */
    public void timeIsUp() {
        RunEnd how;
        synchronized (this) {
            how = timeUp;
        }
        if (how != null) {
            end(how);
            check();
        }
    }

    /** How long until the time of the run is up; null where it has no limit. */
    public synchronized @Nullable Duration left() {
        return timeUp == null ? null : Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
    }

    /** Unwinds the run's own thread if the run is to end, and does not end already. */
    public void check() {
        RunEnd now;
        synchronized (this) {
            now = ending ? null : over;
        }
        if (now != null) {
            throw now;
        }
    }

    /** Whether somebody has ended the run. */
    public synchronized boolean isOver() {
        return over != null;
    }

    /** From here on the run ends, and is not unwound again. */
    public synchronized void ending() {
        ending = true;
    }

    /** The time by which all must be over, or the bound from now where nobody has ended the run. */
    public synchronized long overBy() {
        return (over == null ? System.nanoTime() : overAt) + Work.BOUND.toNanos();
    }

    boolean isOwner() {
        return Thread.currentThread() == owner;
    }

    /**
     * Has code of the host's answer on the run's own thread, where it is to be quick: if it is not, the log names it, and it is
     * interrupted when the run is to end.
     *
     * @param what it is asked for, in words that are made when somebody wants to read them
     * @param failed what is answered instead where it throws
     * @throws RunEnd if it throws, and the run was ended meanwhile: what an interrupt makes of an answer is none
     */
    public <T> T ask(Object what, Callable<T> code, Function<Throwable, T> failed) {
        return answer(what, code, failure -> {
            check();
            return failed.apply(failure);
        });
    }

    /** The same, and the run goes on here even if it was ended meanwhile. */
    <T> T answer(Object what, Callable<T> code, Function<Throwable, T> failed) {
        Throwable failure = null;
        enter(what, 0, true);
        try {
            return code.call();
        } catch (Throwable e) {
            // The host's code throws whatever it likes.
            failure = e;
        } finally {
            exit(failure);
        }
        return failed.apply(failure);
    }

    /** Has the store do something, on the run's own thread; it is interrupted late, so that one that works is left to work. */
    <T> T store(String what, Callable<T> code) throws Exception {
        Throwable failure = null;
        enter(what, PATIENCE, false);
        try {
            return code.call();
        } catch (Throwable e) {
            failure = e;
            throw e;
        } finally {
            exit(failure);
        }
    }

    /** Waits for something, on the run's own thread; {@link RunEnd} if the run was ended meanwhile. */
    public void await(String what, Waiting waiting) throws InterruptedException {
        check();
        enter(what, 0, false);
        InterruptedException interrupted = null;
        boolean own = false;
        try {
            waiting.await();
        } catch (InterruptedException e) {
            interrupted = e;
        } finally {
            own = exit(null);
        }
        check();
        if (interrupted != null && !own) {
            throw interrupted;
        }
    }

    /** Something that takes until it has happened. */
    public interface Waiting {
        void await() throws InterruptedException;
    }

    private synchronized void enter(Object what, long patience, boolean quick) {
        Visit now = new Visit(what, patience, quick, call);
        call = now;
        // Each of many calls would otherwise have its time, as the listener's when it is told of all that was ended.
        if (quick && over != null && now.since - overAt >= Work.BOUND.toNanos()) {
            now.interrupted = true;
            owner.interrupt();
        }
    }

    // The interrupt that this run was given ends here; one that the caller's thread was given stays. True for the
    // former.
    private synchronized boolean exit(@Nullable Throwable failure) {
        Visit ended = call;
        if (ended == null) {
            return false;
        }
        call = ended.around;
        if (ended.interrupted) {
            Thread.interrupted();
        } else if (failure instanceof InterruptedException) {
            owner.interrupt();
        }
        return ended.interrupted;
    }

    /** Looks whether the run is stuck; called again and again on a thread of its own. */
    void look() {
        long now = System.nanoTime();
        RunEnd due;
        synchronized (this) {
            due = call != null && timeUp != null && over == null && now - deadline >= 0 ? timeUp : null;
            nameIfSlow(now);
            interruptIfDue(now);
        }
        if (due != null) {
            end(due);
        }
    }

    private void nameIfSlow(long now) {
        Visit at = call;
        if (at != null && at.quick && !at.named && now - at.since >= Work.BOUND.toNanos()) {
            at.named = true;
            LOG.warn(
                    "conversation {}: {} has not returned for {} seconds; the run waits for it on thread {}",
                    conversation,
                    at.what,
                    Work.BOUND.toSeconds(),
                    owner.getName());
        }
    }

    private void interruptIfDue(long now) {
        Visit at = call;
        if (at == null || over == null) {
            return;
        }
        // What was begun after the end was asked for belongs to the ending, and gets its time.
        boolean late = at.since - overAt > 0;
        if (now - (late ? at.since : overAt) >= (late ? PATIENCE : at.patience)) {
            at.interrupted = true;
            owner.interrupt();
        }
    }

    /** What the run's thread is in; empty where it is in no code of the host's. */
    synchronized String doing() {
        return call == null ? "" : call.what.toString();
    }
}
