package dev.agentloop.benchmarks;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** Where the PostgreSQL that is measured takes connections. */
record PostgresTarget(String url, String user, String password) {
    static PostgresTarget of(EmbeddedPostgres server) {
        return new PostgresTarget(server.jdbcUrl(), server.user(), server.password());
    }

    Connection connect() throws SQLException {
        return DriverManager.getConnection(url, user, password);
    }

    void run(String sql) throws SQLException {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
