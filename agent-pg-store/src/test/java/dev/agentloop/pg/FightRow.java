package dev.agentloop.pg;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A row of the log as the table has it; nothing of the store is used to read it. */
record FightRow(
        long seq,
        long turn,
        long base,
        String kind,
        byte[] salt,
        byte[] digest,
        byte[] chain,
        byte[] payload,
        Instant at) {

    /** All rows of a conversation behind a version, in order. */
    static List<FightRow> behind(long version, Connection connection, String conversation) throws SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT seq, turn, base, kind, salt, digest, chain, payload, at"
                        + " FROM agent_entry WHERE tenant = '' AND conversation = ? AND seq > ? ORDER BY seq")) {
            query.setObject(1, UUID.fromString(conversation));
            query.setLong(2, version);
            List<FightRow> rows = new ArrayList<>();
            try (ResultSet result = query.executeQuery()) {
                while (result.next()) {
                    rows.add(of(result));
                }
            }
            return rows;
        }
    }

    private static FightRow of(ResultSet row) throws SQLException {
        return new FightRow(
                row.getLong("seq"),
                row.getLong("turn"),
                row.getLong("base"),
                row.getString("kind"),
                row.getBytes("salt"),
                row.getBytes("digest"),
                row.getBytes("chain"),
                row.getBytes("payload"),
                row.getObject("at", OffsetDateTime.class).toInstant());
    }
}
