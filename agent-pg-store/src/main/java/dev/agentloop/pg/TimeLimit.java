package dev.agentloop.pg;

import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/*
 * The driver's own limit wakes a thread for each statement, which costs as much as a small query. This one looks from time
 * to time what is running, so that a statement ends up to a look later than its limit says. The limit is not the server's
 * (statement_timeout), because appends must have none, and the settings of a session are not to be relied on behind a
 * pooler.
 */
/** Cancels the statements that take too long, of those it is told of. Thread-safe. */
final class TimeLimit implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TimeLimit.class);
    private static final int LOOKS = 8;
    private static final long MOST_MILLIS_BETWEEN_LOOKS = 1_000;
    private static final Duration LAST_LOOK = Duration.ofSeconds(2);

    private final Duration limit;
    private final Set<Running> running = ConcurrentHashMap.newKeySet();
    private final Rhythm rhythm;

    /**
     * A limit for statements.
     *
     * @param limit zero for none
     */
    TimeLimit(Duration limit) {
        this.limit = limit;
        Duration pause = Duration.ofMillis(Math.min(MOST_MILLIS_BETWEEN_LOOKS, limit.toMillis() / LOOKS));
        this.rhythm = new Rhythm("agentloop-pg-time-limit", pause, this::look, () -> {});
    }

    /** What a statement does. */
    interface Work<T> {
        T done() throws SQLException;
    }

    /** A statement at work; each is one of its own. */
    private static final class Running {
        private final Statement statement;
        private final long begun = System.nanoTime();

        private Running(Statement statement) {
            this.statement = statement;
        }
    }

    /** Has a statement do its work, within the limit. */
    <T> T within(Statement statement, Work<T> work) throws SQLException {
        if (limit.isZero()) {
            return work.done();
        }
        Running now = new Running(statement);
        running.add(now);
        rhythm.begin();
        try {
            return work.done();
        } finally {
            running.remove(now);
        }
    }

    private void look() {
        long now = System.nanoTime();
        List<Running> overdue = running.stream()
                .filter(each -> now - each.begun >= limit.toNanos())
                .toList();
        for (Running each : overdue) {
            if (running.remove(each)) {
                cancel(each.statement);
            }
        }
    }

    // What has ended meanwhile is not cancelled: the driver sees to that.
    private static void cancel(Statement statement) {
        try {
            statement.cancel();
        } catch (SQLException | RuntimeException e) {
            LOG.warn("a statement that takes too long could not be cancelled", e);
        }
    }

    @Override
    public void close() {
        try {
            rhythm.end(LAST_LOOK);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
