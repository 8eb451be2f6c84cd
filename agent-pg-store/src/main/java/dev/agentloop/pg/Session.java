package dev.agentloop.pg;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** One connection for as long as something is done with it. Not thread-safe. */
record Session(Connection connection, TimeLimit limit) {

    /** Makes something of the row that the result stands at. */
    interface Mapper<T> {
        T map(ResultSet row) throws SQLException;
    }

    /** The rows of a query, which ends after this session's time limit. */
    <T> List<T> rows(Sql sql, Mapper<T> mapper, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(sql, parameters)) {
            return limit.within(statement, () -> rows(statement, mapper));
        } catch (SQLException e) {
            throw MissingRight.orOther(sql, e);
        }
    }

    private static <T> List<T> rows(PreparedStatement statement, Mapper<T> mapper) throws SQLException {
        List<T> rows = new ArrayList<>();
        try (ResultSet result = statement.executeQuery()) {
            while (result.next()) {
                rows.add(mapper.map(result));
            }
        }
        return rows;
    }

    /** The first row of a query. */
    <T> Optional<T> first(Sql sql, Mapper<T> mapper, Object... parameters) throws SQLException {
        return rows(sql, mapper, parameters).stream().findFirst();
    }

    /** How many rows a statement changed that ends after this session's time limit. */
    int change(Sql sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(sql, parameters)) {
            return limit.within(statement, statement::executeUpdate);
        } catch (SQLException e) {
            throw MissingRight.orOther(sql, e);
        }
    }

    /**
     * Runs a statement, in a transaction of its own, whose commit counts. It has no time limit but the socket's: a cancelled
     * wait for a standby would look like a commit.
     *
     * @return how many rows it changed; of a query, the number that it gives
     * @throws SQLException with the state {@link SqlErrors#UNKNOWN_STATE} if the commit is not known to be as durable as the
     *     server promises
     */
    int commit(Sql sql, Object... parameters) throws SQLException {
        try (PreparedStatement statement = prepare(sql, parameters)) {
            boolean query = statement.execute();
            checkDurable(statement.getWarnings());
            return query ? number(statement) : statement.getUpdateCount();
        } catch (SQLException e) {
            throw MissingRight.orOther(sql, e);
        }
    }

    private static int number(PreparedStatement statement) throws SQLException {
        try (ResultSet result = statement.getResultSet()) {
            result.next();
            return result.getInt(1);
        }
    }

    /** Fails if the server warned that it gave up waiting for a standby; the commit is made, here and perhaps only here. */
    static void checkDurable(@Nullable SQLWarning first) throws SQLException {
        for (SQLWarning warning = first; warning != null; warning = warning.getNextWarning()) {
            if ("01000".equals(warning.getSQLState())) {
                throw new SQLException(
                        "the server warned that the commit may not have reached the standby it waited for",
                        SqlErrors.UNKNOWN_STATE);
            }
        }
    }

    private PreparedStatement prepare(Sql sql, Object... parameters) throws SQLException {
        PreparedStatement statement = connection.prepareStatement(sql.text());
        try {
            for (int i = 0; i < parameters.length; i++) {
                set(statement, i + 1, parameters[i]);
            }
            return statement;
        } catch (SQLException | RuntimeException e) {
            statement.close();
            throw e;
        }
    }

    private void set(PreparedStatement statement, int index, Object value) throws SQLException {
        if (value instanceof String text) {
            statement.setString(index, text);
        } else if (value instanceof Long number) {
            statement.setLong(index, number);
        } else if (value instanceof byte[] bytes) {
            statement.setBytes(index, bytes);
        } else if (value instanceof UUID id) {
            statement.setObject(index, id);
        } else if (value instanceof Long[] numbers) {
            statement.setArray(index, connection.createArrayOf("bigint", numbers));
        } else if (value instanceof String[] texts) {
            statement.setArray(index, connection.createArrayOf("text", texts));
        } else if (value instanceof UUID[] ids) {
            statement.setArray(index, connection.createArrayOf("uuid", ids));
        } else if (value instanceof byte[][] parts) {
            statement.setArray(index, connection.createArrayOf("bytea", parts));
        } else {
            throw new IllegalArgumentException("no parameter: " + value.getClass());
        }
    }
}
