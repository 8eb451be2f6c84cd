package dev.agentloop.pg;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/** What rows of logs say. */
final class Row {
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    private Row() {}

    /** A row of {@link Sql#READ} and its like; by the columns' numbers, which is quicker than by their names. */
    static LogEntry entry(ResultSet row) throws SQLException {
        return new LogEntry(
                row.getLong(1),
                row.getString(4),
                row.getLong(2),
                row.getLong(3),
                row.getBytes(5),
                row.getBytes(6),
                HexFormat.of().formatHex(row.getBytes(7)),
                row.getBytes(8));
    }

    /** Where a log stands whose last row this is. */
    static LogPosition position(ResultSet row) throws SQLException {
        return new LogPosition(row.getLong("seq"), HexFormat.of().formatHex(row.getBytes("chain")));
    }

    /** The bytes of a chain hash; empty if it is none, which no log has. */
    static Optional<byte[]> chain(LogPosition position) {
        return HASH.matcher(position.hash()).matches()
                ? Optional.of(HexFormat.of().parseHex(position.hash()))
                : Optional.empty();
    }
}
