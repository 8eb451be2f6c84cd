package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rights that an error names are those that the server wants, of every statement, and the role has them. */
class MissingRightTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() throws Exception {
        server = Servers.newestWithRoles();
        run(server, "CREATE ROLE someone LOGIN PASSWORD 'secret'");
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    /** Has the server plan a statement, for which it looks at the rights and does nothing. */
    private static void explain(Sql sql) throws SQLException {
        Sql text = sql == Sql.APPEND_ONE_POOLED ? Sql.APPEND_ONE : sql;
        try (Connection connection = DriverManager.getConnection(server.jdbcUrl(), "someone", "secret");
                Statement statement = connection.createStatement()) {
            statement.execute("EXPLAIN " + text.text().replace("?", "NULL"));
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "BARRIER")
    void rights_ofAStatement_areEnoughAndAllNeeded(Sql sql) throws SQLException {
        Map<String, Set<String>> rights = MissingRight.rights(sql);
        assertThat(rights).isNotEmpty();
        for (Map.Entry<String, Set<String>> right : rights.entrySet()) {
            run(server, "GRANT " + String.join(", ", right.getValue()) + " ON " + right.getKey() + " TO someone");
        }
        try {
            assertThatCode(() -> explain(sql)).doesNotThrowAnyException();
            for (Map.Entry<String, Set<String>> right : rights.entrySet()) {
                for (String one : right.getValue()) {
                    run(server, "REVOKE " + one + " ON " + right.getKey() + " FROM someone");
                    assertThatThrownBy(() -> explain(sql))
                            .as("without %s on %s", one, right.getKey())
                            .hasMessageContaining("permission denied for table " + right.getKey());
                    run(server, "GRANT " + one + " ON " + right.getKey() + " TO someone");
                }
            }
        } finally {
            for (String table : rights.keySet()) {
                run(server, "REVOKE ALL ON " + table + " FROM someone");
            }
        }
        String role = MissingRight.role(sql);
        run(server, "GRANT " + role + " TO someone");
        try {
            assertThatCode(() -> explain(sql)).as(role).doesNotThrowAnyException();
        } finally {
            run(server, "REVOKE " + role + " FROM someone");
        }
    }
}
