package dev.agentloop.pg;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Entries for tests, and a look at what is in the tables. */
final class Logs {
    private Logs() {}

    /** As the loop makes them: of version 7, which begin with the time. */
    static String newId() {
        UUID random = UUID.randomUUID();
        return new UUID(System.currentTimeMillis() << 16 | 0x7000, random.getLeastSignificantBits()).toString();
    }

    /** Entries behind a position, each with its number for a payload. */
    static List<LogEntry> entries(LogPosition after, int count) {
        List<LogEntry> entries = new ArrayList<>();
        LogPosition position = after;
        for (int i = 0; i < count; i++) {
            byte[] payload = Long.toString(position.version() + 1).getBytes(StandardCharsets.UTF_8);
            entries.add(LogEntry.after(position, "test", 1, 1, payload));
            position = entries.get(i).position();
        }
        return entries;
    }

    /** Appends entries at the head. */
    static LogPosition append(ConversationStore store, String conversation, int count) {
        LogPosition head = store.head(conversation).orElse(LogPosition.START);
        return store.append(conversation, head, entries(head, count));
    }

    /** What is left in the place of what was erased. */
    static Map<Long, byte[]> marks(long... versions) {
        Map<Long, byte[]> marks = new HashMap<>();
        for (long version : versions) {
            marks.put(version, ("{\"erased\":" + version + "}").getBytes(StandardCharsets.UTF_8));
        }
        return marks;
    }

    static Connection connect(EmbeddedPostgres server) throws SQLException {
        return DriverManager.getConnection(server.jdbcUrl(), server.user(), server.password());
    }

    /** Runs statements. */
    static void run(EmbeddedPostgres server, String sql) throws SQLException {
        try (Connection connection = connect(server);
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The first column of the first row. */
    static String one(EmbeddedPostgres server, String sql) throws SQLException {
        try (Connection connection = connect(server);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
