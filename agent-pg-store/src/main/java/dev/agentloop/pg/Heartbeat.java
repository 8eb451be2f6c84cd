package dev.agentloop.pg;

import dev.agentloop.spi.Leases;
import dev.agentloop.spi.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * No two clocks are compared. A process counts its beat up; an observer that has seen the same count for the bound, by its
 * own monotonic clock, holds it for dead. The earliest that can be is the bound after a beat was sent, so a process holds
 * itself for alive for a little less than the bound after it sent its last beat that was acknowledged. One that was silent
 * for longer may have been thought dead in between, whatever it says later.
 */
/** The row that says that this process is alive, and what other rows say. Begins at its first use, ends with its store. */
final class Heartbeat implements Leases, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);
    private static final int LOOKS_A_BEAT = 4;
    private static final Duration FOREVER = Duration.ofDays(1);
    private static final long NODES_AT_ONCE = 1_000;

    private final Database database;
    private final Duration interval;
    private final Duration bound;
    private final String process = UUID.randomUUID().toString();
    private final Rhythm rhythm;
    private final ReentrantLock lock = new ReentrantLock();
    private boolean begun;
    private boolean closed;
    private boolean forgotten;
    private boolean failed;
    private volatile @Nullable Span shown;
    private volatile @Nullable StoreException forbidden;

    /** Between these two times of the monotonic clock nobody can have thought this process dead. */
    private record Span(long since, long until) {
        // A beat that was answered late may have been counted late, so its sending does not close a gap.
        Span from(long sent, long answered, Duration bound) {
            return new Span(answered - until < 0 ? since : answered, sent + bound.toNanos() * 4 / 5);
        }
    }

    Heartbeat(Database database, Duration interval, Duration bound) {
        this.database = database;
        this.interval = interval;
        this.bound = bound;
        this.rhythm = new Rhythm("agentloop-pg-heartbeat", interval, this::again, () -> {});
    }

    /**
     * Names this process, and shows from now on that it lives. One that may not show it can read and decide all the same; it
     * is held for dead, and fails at its first effect.
     */
    @Override
    public String process() {
        lock.lock();
        try {
            if (!begun && !closed) {
                beat(Sql.REGISTER);
                rhythm.begin();
                begun = true;
                forbidden = null;
            }
        } catch (StoreException e) {
            if (!SqlErrors.isForbidden(e)) {
                throw e;
            }
            forbidden = e;
        } finally {
            lock.unlock();
        }
        return process;
    }

    private void beat(Sql sql) {
        long sent = System.nanoTime();
        int rows = database.write("tell that this process is alive", session -> session.change(sql, process));
        if (rows == 0) {
            // Somebody removed the row: whoever looked in between thought this process dead, and it tells again.
            shown = null;
            sent = System.nanoTime();
            database.write("tell that this process is alive", session -> session.change(Sql.REGISTER, process));
        }
        long answered = System.nanoTime();
        Span before = shown;
        shown = (before == null ? new Span(answered, answered) : before).from(sent, answered, bound);
    }

    // Processes that crashed left their rows, which tell nobody anything after a while.
    private void forgetTheDead() {
        try {
            forgetPages();
        } catch (StoreException e) {
            LOG.info("processes that died long ago are not forgotten yet: {}", e.getMessage());
        }
    }

    private void forgetPages() {
        String last = "";
        List<String> page = List.of(last);
        while (!page.isEmpty()) {
            String after = last;
            page = database.read(
                    "list processes",
                    session -> session.rows(Sql.NODES, row -> row.getString(1), after, NODES_AT_ONCE));
            String[] nodes = page.toArray(new String[0]);
            database.write("forget dead processes", session -> session.change(Sql.FORGET, new Object[] {nodes}));
            last = page.isEmpty() ? last : nodes[nodes.length - 1];
        }
    }

    private void again() {
        try {
            beat(Sql.BEAT);
            if (failed) {
                LOG.info("the heartbeat of process {} is back", process);
            }
            failed = false;
        } catch (StoreException e) {
            if (!failed) {
                LOG.warn("no heartbeat of process {}: {}; trying on every {}", process, e.getMessage(), interval);
            }
            failed = true;
        }
        if (!forgotten && !failed) {
            forgotten = true;
            forgetTheDead();
        }
    }

    @Override
    public boolean alive(String other) throws InterruptedException {
        Optional<Long> first = observed(other);
        long since = System.nanoTime();
        while (first.isPresent()) {
            TimeUnit.NANOSECONDS.sleep(interval.toNanos() / LOOKS_A_BEAT);
            long looked = System.nanoTime();
            Optional<Long> now = observed(other);
            if (!now.equals(first)) {
                return now.isPresent();
            }
            if (looked - since >= bound.toNanos()) {
                return false;
            }
        }
        return false;
    }

    private Optional<Long> observed(String other) {
        return database.read(
                "see whether process " + other + " is alive",
                session -> session.first(Sql.OBSERVE, row -> row.getLong(1), other));
    }

    @Override
    public boolean held(long since) {
        StoreException never = forbidden;
        if (never != null) {
            throw never;
        }
        Span span = shown;
        return span != null && span.since() - since <= 0 && System.nanoTime() - span.until() < 0;
    }

    /** Ends the heartbeat and tells so, if it can; a process that cannot is held for dead after the bound. */
    @Override
    public void close() {
        boolean wasBegun;
        lock.lock();
        try {
            closed = true;
            shown = null;
            wasBegun = begun;
        } finally {
            lock.unlock();
        }
        if (!wasBegun) {
            return;
        }
        try {
            rhythm.end(FOREVER);
            shown = null;
            database.write("tell that this process ended", session -> session.change(Sql.UNREGISTER, process));
        } catch (StoreException e) {
            LOG.info("process {} could not say that it ended: {}", process, e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
