package dev.agentloop.pg.embedded;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** One statement on a connection of its own. */
final class Sql {
    private Sql() {}

    static Connection connect(EmbeddedPostgres server) throws SQLException {
        return DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
    }

    static Connection connect(PgBouncer pooler) throws SQLException {
        return DriverManager.getConnection(pooler.jdbcUrl(), pooler.user(), pooler.password());
    }

    static void run(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static void run(EmbeddedPostgres server, String sql) throws SQLException {
        try (Connection connection = connect(server)) {
            run(connection, sql);
        }
    }

    /** The first column of the first row. */
    static String one(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getString(1);
        }
    }

    static String one(EmbeddedPostgres server, String sql) throws SQLException {
        try (Connection connection = connect(server)) {
            return one(connection, sql);
        }
    }
}
