package dev.agentloop;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * A fault that one callback of the host's shows while the run is at one moment, and what is known of that moment. Faults on
 * threads of their own and the moment wait for each other, so that the one really falls into the other.
 */
final class FaultCell {
    private static final long PATIENCE = Duration.ofSeconds(25).toNanos();

    /** What the callback does. */
    enum Behaviour {
        RUNTIME,
        ERROR,
        CHECKED,
        NULL,
        /** Blocks until it is interrupted. */
        BLOCKS,
        /** Blocks, and does not hear an interrupt. */
        STUCK;

        boolean throwing() {
            return this == RUNTIME || this == ERROR || this == CHECKED;
        }

        boolean blocking() {
            return this == BLOCKS || this == STUCK;
        }
    }

    /** Where the run is, by what was seen last. */
    enum Moment {
        /** From the call of run to the first call of respond. */
        REQUEST,
        /** Respond was entered and not left. */
        STREAM,
        /** After the first request, a tool was entered and not left. */
        TOOL,
        /** After the first request, the store's append was entered and not left. */
        APPEND,
        /** A compaction is prepared, made, or put into the log. */
        COMPACTION,
        /** The final answer was given. */
        END
    }

    final String callback;
    final Behaviour behaviour;
    final Moment moment;
    private final CountDownLatch released = new CountDownLatch(1);
    private @Nullable Moment stage;
    private int tools;
    private int appends;
    private boolean pending;
    private boolean fired;
    private boolean healed;
    private @Nullable Throwable thrown;

    FaultCell(String callback, Behaviour behaviour, Moment moment) {
        this.callback = callback;
        this.behaviour = behaviour;
        this.moment = moment;
    }

    /** A host without faults. */
    static FaultCell healthy() {
        return new FaultCell("", Behaviour.NULL, Moment.END);
    }

    synchronized void stage(@Nullable Moment now) {
        stage = now;
        notifyAll();
    }

    /** A compaction begins to be prepared, where none was. */
    synchronized void compacting() {
        stage = stage == null ? Moment.COMPACTION : stage;
        notifyAll();
    }

    synchronized void tool(int more) {
        tools += more;
        notifyAll();
    }

    synchronized void append(int more) {
        appends += more;
        notifyAll();
        if (more > 0 && moment == Moment.APPEND && pending && stage != Moment.REQUEST) {
            awaitUntil(() -> fired);
        }
    }

    private boolean current() {
        return switch (moment) {
            case TOOL -> tools > 0 && stage != Moment.REQUEST;
            case APPEND -> appends > 0 && stage != Moment.REQUEST;
            default -> stage == moment;
        };
    }

    boolean armed(String name) {
        return callback.equals(name);
    }

    /** Whether the run is on the side of the first request on which the moment lies. */
    synchronized boolean near() {
        return (stage == Moment.REQUEST) == (moment == Moment.REQUEST);
    }

    synchronized boolean fired() {
        return fired;
    }

    /** What the callback threw, or null. */
    synchronized @Nullable Throwable thrown() {
        return thrown;
    }

    /** Ends the block. */
    void release() {
        released.countDown();
    }

    /** No fault any more. */
    synchronized void heal() {
        healed = true;
        notifyAll();
    }

    // What waits here is in a callback of the host's, which is interrupted when the run ends.
    private synchronized void awaitUntil(java.util.function.BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE;
        while (!condition.getAsBoolean() && !healed && System.nanoTime() < end) {
            try {
                wait(50);
            } catch (InterruptedException e) {
                throw LoopFixture.<RuntimeException>sneak(e);
            }
        }
    }

    /** Keeps the moment until the fault has fallen into it. */
    void hold(Moment now) {
        if (moment == now) {
            awaitUntil(() -> fired);
        }
    }

    void holdUntilFired() {
        awaitUntil(() -> fired);
    }

    void awaitPending() {
        awaitUntil(() -> pending || fired);
    }

    void awaitTool() {
        awaitUntil(() -> tools > 0 || fired);
    }

    /** The callback is at work, and its fault comes when an append is under way. */
    synchronized void pend(String name) {
        pending |= armed(name);
        notifyAll();
    }

    /** A callback that may be at work for long: it waits for the moment, where the run would wait for it before otherwise. */
    <T> T later(String name, Callable<T> healthy) throws Exception {
        if (armed(name) && !fired() && (near() || name.equals("listener"))) {
            pend(name);
            awaitUntil(this::current);
        }
        return at(name, healthy);
    }

    /** A callback: its fault if it is its moment, or what it does otherwise. */
    <T> T at(String name, Callable<T> healthy) throws Exception {
        if (!armed(name)) {
            return healthy.call();
        }
        synchronized (this) {
            boolean again = fired && name.endsWith("down");
            if (healed || (fired ? !again : !current())) {
                return healthy.call();
            }
            fired = true;
            notifyAll();
        }
        return fire(healthy);
    }

    /** The same where no exception may be declared. */
    <T> T quietly(String name, Callable<T> healthy) {
        try {
            return at(name, healthy);
        } catch (Exception e) {
            throw LoopFixture.<RuntimeException>sneak(e);
        }
    }

    void quietlyDo(String name, Runnable healthy) {
        quietly(name, () -> {
            healthy.run();
            return true;
        });
    }

    @SuppressWarnings("NullAway")
    private <T> T fire(Callable<T> healthy) throws Exception {
        switch (behaviour) {
            case RUNTIME -> throw LoopFixture.<RuntimeException>sneak(thrown(new IllegalStateException("the fault")));
            case ERROR -> throw LoopFixture.<RuntimeException>sneak(thrown(new OutOfMemoryError("the fault")));
            case CHECKED -> throw LoopFixture.<RuntimeException>sneak(thrown(new IOException("the fault")));
            case BLOCKS -> released.await();
            case STUCK -> awaitStubbornly();
            default -> {
                return null;
            }
        }
        return healthy.call();
    }

    private synchronized Throwable thrown(Throwable failure) {
        thrown = thrown == null ? failure : thrown;
        return failure;
    }

    private void awaitStubbornly() {
        boolean interrupted = false;
        while (released.getCount() > 0) {
            try {
                released.await();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        return callback + " " + behaviour + " at " + moment;
    }
}
