package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * What the errors of the driver and the server mean for a conversation. Messages have the server's own sentence and the
 * SQLSTATE, but no statement, no parameter and no address with a password in it.
 */
final class SqlErrors {
    /** The state of an SQL exception that says: nobody knows whether the statement was completed. */
    static final String UNKNOWN_STATE = "40003";

    private static final String NOT_CONNECTED = "08001";
    private static final String UNIQUE_VIOLATION = "23505";
    private static final List<String> CONNECTION_LOST = List.of("08", "57P01", "57P02", "58", "XX", UNKNOWN_STATE);
    private static final List<String> FORBIDDEN = List.of("42501", "25006");
    private static final List<String> LOST_RACE = List.of("40001", "40P01");

    /** What to do, by the state or, where that is not named, by its class. */
    private static final Map<String, String> ADVICE = Map.ofEntries(
            Map.entry("08", "check that the server runs and can be reached, and try again"),
            Map.entry("22", "check the text: PostgreSQL takes no U+0000 in an id, a kind or a tenant"),
            Map.entry("25006", "the server is a replica or was made read-only: connect to the primary"),
            Map.entry("28", "check the user, the password and the server's pg_hba.conf"),
            Map.entry("3D000", "check the database's name in the URL, or create the database"),
            Map.entry("3F000", "give the database user the rights to a schema of its search_path, or set another one"),
            Map.entry("40", "another transaction was in the way: try again"),
            Map.entry("42501", "give the database user the missing right"),
            Map.entry("42P01", "the tables are not there: have the store migrate, or apply PgConversationStore.sql()"),
            Map.entry("42703", "the tables are not as PgConversationStore.sql() makes them: migrate them"),
            Map.entry("42883", "the functions are not as PgConversationStore.sql() makes them: migrate them"),
            Map.entry("53100", "the server's disk is full: make room"),
            Map.entry("53300", "the server takes no more connections: make the pool smaller or put a pooler before it"),
            Map.entry("53", "the server is short of something: see its log"),
            Map.entry("54", "the value is too large for PostgreSQL"),
            Map.entry("55P03", "another transaction holds the lock: find it in pg_stat_activity, and try again"),
            Map.entry("57014", "it took longer than its time limit or was cancelled: see what the server waits for"),
            Map.entry("57P03", "the server is starting or stopping: try again"),
            Map.entry("57", "the server is stopping or was told to end the connection: try again"));

    private SqlErrors() {}

    /** Whether this is the refusal of a key that is taken. */
    static boolean isTaken(SQLException e) {
        return UNIQUE_VIOLATION.equals(e.getSQLState());
    }

    /** Whether a statement lost a race that only stricter isolation levels have, and can be sent again. */
    static boolean isLostRace(SQLException e) {
        return LOST_RACE.contains(state(e));
    }

    /** Whether work failed because the connection that it was lent is no more; that none could be had does not count. */
    static boolean isConnectionLost(StoreException e) {
        return e.getCause() instanceof PSQLException cause
                && !NOT_CONNECTED.equals(cause.getSQLState())
                && CONNECTION_LOST.stream().anyMatch(state(cause)::startsWith);
    }

    /** Whether the database user may not do this, or nobody may on this server. */
    static boolean isForbidden(StoreException e) {
        return e.getCause() instanceof SQLException cause && FORBIDDEN.contains(state(cause));
    }

    /** Why nothing was done: {@code UNAVAILABLE}. */
    static StoreException unavailable(String what, SQLException e) {
        return new StoreException(Kind.UNAVAILABLE, "cannot " + what + ": " + sentence(e) + "; " + advice(e), e);
    }

    /** Why something was not done, or not known to be: {@code UNAVAILABLE} or {@code OUTCOME_UNKNOWN}. */
    static StoreException undone(String what, SQLException e) {
        String state = state(e);
        if (!state.isEmpty() && CONNECTION_LOST.stream().noneMatch(state::startsWith)) {
            return unavailable(what, e);
        }
        return new StoreException(
                Kind.OUTCOME_UNKNOWN,
                "tried to " + what + ", but nobody knows whether it was done: " + sentence(e)
                        + "; sending the very same again settles it",
                e);
    }

    private static String state(SQLException e) {
        String state = e.getSQLState();
        return state == null ? "" : state;
    }

    private static String sentence(SQLException e) {
        ServerErrorMessage fromServer = e instanceof PSQLException error ? error.getServerErrorMessage() : null;
        String text = fromServer == null ? own(e) : fromServer.getMessage();
        return text + (state(e).isEmpty() ? "" : " (SQLSTATE " + state(e) + ")");
    }

    // A pool's exception says that it waited; why it did says its cause.
    private static @Nullable String own(SQLException e) {
        Throwable cause = e.getCause();
        return cause instanceof SQLException because && cause != e
                ? e.getMessage() + ", " + sentence(because)
                : e.getMessage();
    }

    private static String advice(SQLException e) {
        if (e instanceof MissingRight missing) {
            return missing.advice();
        }
        String state = state(e);
        if (state.isEmpty() && e.getCause() instanceof SQLException because) {
            return advice(because);
        }
        if (state.isEmpty() && e instanceof SQLTransientConnectionException) {
            return "all connections are in use: make the pool larger, or see what keeps them";
        }
        String byState = ADVICE.get(state);
        String byClass = state.length() < 2 ? null : ADVICE.get(state.substring(0, 2));
        return byState != null ? byState : byClass != null ? byClass : "see the server's log";
    }
}
