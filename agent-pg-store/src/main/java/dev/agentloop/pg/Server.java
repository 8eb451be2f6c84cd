package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a server says of itself when a store is opened.
 *
 * @param version its major version
 * @param pooled whether the process that answers is not the one that the driver was connected to: there is a pooler between
 */
record Server(int version, String fsync, String fullPageWrites, String synchronousCommit, boolean pooled) {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);
    private static final int OLDEST = 14;
    private static final int NEWEST = 18;
    private static final int MINOR = 10_000;

    static Server of(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT current_setting('server_version_num')::int,"
                        + " current_setting('fsync'), current_setting('full_page_writes'),"
                        + " current_setting('synchronous_commit'), pg_backend_pid()")) {
            row.next();
            int connected = connection.unwrap(PGConnection.class).getBackendPID();
            return new Server(
                    row.getInt(1) / MINOR,
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    row.getInt(5) != connected);
        }
    }

    /**
     * Refuses a server on which what was acknowledged may be lost.
     *
     * @param lossAllowed whether the host said that it may
     */
    void check(boolean lossAllowed) {
        if (version < OLDEST) {
            throw new StoreException(
                    Kind.UNAVAILABLE,
                    "the server is PostgreSQL " + version + ", and the store needs " + OLDEST
                            + " or newer: upgrade it");
        }
        if (version > NEWEST) {
            LOG.warn("the server is PostgreSQL {}; the store was tested with {} to {}", version, OLDEST, NEWEST);
        }
        List<String> unsafe = new ArrayList<>();
        if (fsync.equals("off")) {
            unsafe.add("fsync = off");
        }
        if (fullPageWrites.equals("off")) {
            unsafe.add("full_page_writes = off");
        }
        if (!unsafe.isEmpty() && !lossAllowed) {
            throw new StoreException(
                    Kind.UNAVAILABLE,
                    "the server runs with " + String.join(" and ", unsafe)
                            + ", so that a crash of its machine can lose or damage conversations: switch it on, or say"
                            + " allowDataLoss() if losing them does not matter");
        }
        if (synchronousCommit.equals("off") && !lossAllowed) {
            LOG.warn("the server runs with synchronous_commit = off: a crash can lose the appends of its last moments");
        }
    }
}
