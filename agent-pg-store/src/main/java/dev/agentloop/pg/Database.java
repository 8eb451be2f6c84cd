package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Lends connections for pieces of work. Thread-safe.
 *
 * @param source where the connections come from
 * @param pooled whether a pooler between here and the server gives each transaction another server connection, so that
 *     nothing may be prepared on one
 * @param limit the time limit of statements, closed with this; appends have none
 * @param owned what is closed with this
 */
record Database(
        DataSource source,
        boolean pooled,
        TimeLimit limit,
        @Nullable AutoCloseable owned) implements AutoCloseable {
    // A pool looks whether a connection is broken before it lends it, but not if it was used in the last moments;
    // after a restart of the server a few may be. One that breaks while the server works breaks later than at once.
    private static final int MOST_BROKEN = 32;
    private static final Duration AT_ONCE = Duration.ofSeconds(1);

    /** Something done with a connection. */
    interface Work<T> {
        T with(Session session) throws SQLException;
    }

    /** How the errors of a piece of work are told. */
    interface Telling {
        StoreException tell(String what, SQLException e);
    }

    /**
     * Does work each of whose statements is a transaction of its own, and that writes nothing; does it again where the
     * connection was broken already.
     */
    <T> T read(String what, Work<T> work) {
        long begun = System.nanoTime();
        for (int connections = 1; ; connections++) {
            try {
                return lent(what, true, SqlErrors::unavailable, work);
            } catch (StoreException e) {
                if (!SqlErrors.isConnectionLost(e)
                        || connections == MOST_BROKEN
                        || System.nanoTime() - begun > AT_ONCE.toNanos()) {
                    throw e;
                }
            }
        }
    }

    /** Does work each of whose statements is a transaction of its own. */
    <T> T write(String what, Work<T> work) {
        return lent(what, true, SqlErrors::undone, work);
    }

    /** Does work that is one transaction: all of it, or nothing. */
    <T> T transaction(String what, Work<T> work) {
        return lent(what, false, SqlErrors::undone, session -> {
            T result;
            try {
                result = work.with(session);
            } catch (SQLException e) {
                rollback(session.connection(), e);
                throw SqlErrors.unavailable(what, e);
            } catch (RuntimeException e) {
                rollback(session.connection(), e);
                throw e;
            }
            session.connection().commit();
            Session.checkDurable(session.connection().getWarnings());
            return result;
        });
    }

    private static void rollback(Connection connection, Exception failure) {
        try {
            connection.rollback();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
    }

    private <T> T lent(String what, boolean autocommit, Telling telling, Work<T> work) {
        Connection connection;
        try {
            connection = source.getConnection();
        } catch (SQLException e) {
            throw SqlErrors.unavailable(what, e);
        }
        try (connection) {
            boolean before = connection.getAutoCommit();
            int threshold = prepareNothing(connection);
            connection.setAutoCommit(autocommit);
            try {
                return work.with(new Session(connection, limit));
            } finally {
                restore(connection, before, threshold);
            }
        } catch (SQLException e) {
            throw telling.tell(what, e);
        }
    }

    // It is the driver's connection that prepares; its own BEGIN and COMMIT too.
    private int prepareNothing(Connection connection) throws SQLException {
        if (!pooled) {
            return 0;
        }
        PGConnection driver = connection.unwrap(PGConnection.class);
        int before = driver.getPrepareThreshold();
        driver.setPrepareThreshold(0);
        return before;
    }

    private void restore(Connection connection, boolean autocommit, int threshold) throws SQLException {
        if (connection.isClosed()) {
            return;
        }
        connection.setAutoCommit(autocommit);
        if (pooled) {
            connection.unwrap(PGConnection.class).setPrepareThreshold(threshold);
        }
    }

    @Override
    public void close() {
        limit.close();
        try {
            if (owned != null) {
                owned.close();
            }
        } catch (Exception e) {
            throw new IllegalStateException("the pool could not be closed", e);
        }
    }
}
