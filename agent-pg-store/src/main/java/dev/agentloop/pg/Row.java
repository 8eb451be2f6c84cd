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

    static Row of(ResultSet row) throws SQLException {
        LogEntry entry = new LogEntry(
                row.getLong("seq"),
                row.getString("kind"),
                row.getLong("turn"),
                row.getLong("base"),
                row.getBytes("salt"),
                row.getBytes("digest"),
                HexFormat.of().formatHex(row.getBytes("chain")),
                row.getBytes("payload"));
        return new Row(entry, row.getBoolean("anchor"));
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
