package dev.agentloop.pg;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A row of a log.
 *
 * @param anchor whether it only stands for the entry that a fork goes on behind
 */
record Row(LogEntry entry, boolean anchor) {
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    /** A row of {@link Sql#READ} and its like; by the columns' numbers, which is quicker than by their names. */
    static Row of(ResultSet row) throws SQLException {
        LogEntry entry = new LogEntry(
                row.getLong(1),
                row.getString(4),
                row.getLong(2),
                row.getLong(3),
                row.getBytes(6),
                row.getBytes(7),
                HexFormat.of().formatHex(row.getBytes(8)),
                row.getBytes(9));
        return new Row(entry, row.getBoolean(5));
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

    long version() {
        return entry.version();
    }
}
