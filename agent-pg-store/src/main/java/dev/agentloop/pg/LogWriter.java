package dev.agentloop.pg;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/*
 * The lock is the key. An append finds its predecessor, with the chain hash that its writer knows, by the same key under
 * which it inserts: who is behind breaks the key, who is ahead or has another history finds nothing and inserts nothing.
 *
 * An append that was sent again meets the first one in the key too. If that is still on its way, the server makes the
 * second one wait for it, which a read would not: so it is sent before anything is read.
 */
/** Appends to the logs of a tenant. */
record LogWriter(Database database, String tenant) {
    /** The most bytes of payloads in one append, which is far below what the protocol takes, sent as digits or not. */
    static final long MOST_BYTES = 128L << 20;

    private static final int TRIES = 5;

    /** Where the log stands, and whether that is its end. */
    private record Head(LogPosition position, boolean sealed) {}

    LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        UUID id = UUID.fromString(conversation);
        checkSize("the append to conversation " + conversation, entries.size(), size(entries));
        return database.write("append to conversation " + conversation, session -> {
            for (int tries = 0; tries < TRIES; tries++) {
                if (inserted(session, id, expected, entries)) {
                    return entries.get(entries.size() - 1).position();
                }
                LogPosition present = present(session, id, entries);
                if (present != null) {
                    return present;
                }
                Head head = head(session, id).orElse(new Head(LogPosition.START, false));
                if (head.sealed()) {
                    throw StoreException.sealed(conversation, head.position());
                }
                if (!head.position().equals(expected)) {
                    throw StoreException.conflict(conversation, expected, head.position());
                }
                // What was in the way is gone again: an append that was rolled back, or a conversation that was
                // deleted.
            }
            throw StoreException.conflict(
                    conversation,
                    expected,
                    head(session, id).map(Head::position).orElse(LogPosition.START));
        });
    }

    private static long size(List<LogEntry> entries) {
        return entries.stream()
                .map(LogEntry::payload)
                .mapToLong(payload -> payload == null ? 0 : payload.length)
                .sum();
    }

    /** Refuses what would be refused on its way, before it is sent. */
    static void checkSize(String what, int count, long bytes) {
        if (bytes > MOST_BYTES) {
            throw new StoreException(
                    StoreException.Kind.UNAVAILABLE,
                    what + " has " + bytes + " bytes in " + count + (count == 1 ? " payload" : " payloads")
                            + ", and at most " + MOST_BYTES + " can be sent to PostgreSQL at once; nothing was sent:"
                            + " append less at once, or keep such content elsewhere");
        }
    }

    private boolean inserted(Session session, UUID id, LogPosition expected, List<LogEntry> entries)
            throws SQLException {
        Insert insert = insert(id, expected, entries);
        try {
            return insert != null && session.commit(insert.sql(), insert.parameters()) > 0;
        } catch (SQLException e) {
            if (SqlErrors.isTaken(e) || SqlErrors.isLostRace(e)) {
                return false;
            }
            throw e;
        }
    }

    /** A statement with its parameters. */
    private record Insert(Sql sql, Object... parameters) {}

    /** How these entries are inserted; null where what they follow is in no log. */
    private @Nullable Insert insert(UUID id, LogPosition expected, List<LogEntry> entries) {
        if (expected.version() == 0) {
            List<Object> parameters = new ArrayList<>(List.of(tenant, id));
            parameters.addAll(rows(id, entries));
            return new Insert(Sql.BEGIN, parameters.toArray());
        }
        byte[] before = Row.chain(expected).orElse(null);
        if (before == null) {
            return null;
        }
        if (isWhole(entries)) {
            return new Insert(
                    database.pooled() ? Sql.APPEND_ONE_POOLED : Sql.APPEND_ONE,
                    one(id, entries.get(0), expected, before));
        }
        List<Object> parameters = new ArrayList<>(rows(id, entries));
        parameters.addAll(List.of(tenant, id, expected.version(), before));
        return new Insert(Sql.APPEND, parameters.toArray());
    }

    // One entry that nothing was erased from.
    private static boolean isWhole(List<LogEntry> entries) {
        LogEntry entry = entries.get(0);
        return entries.size() == 1 && entry.salt() != null && entry.payload() != null;
    }

    private Object[] one(UUID id, LogEntry entry, LogPosition expected, byte[] before) {
        return new Object[] {
            entry.turn(),
            entry.base(),
            entry.kind(),
            Objects.requireNonNull(entry.salt()),
            entry.digest(),
            HexFormat.of().parseHex(entry.hash()),
            Objects.requireNonNull(entry.payload()),
            tenant,
            id,
            expected.version(),
            before
        };
    }

    /** A part of each entry that may have been erased. */
    private interface Part {
        byte @Nullable [] of(LogEntry entry);
    }

    private List<Object> rows(UUID id, List<LogEntry> entries) {
        return List.of(
                tenant,
                id,
                entries.stream().map(LogEntry::version).toArray(Long[]::new),
                entries.stream().map(LogEntry::turn).toArray(Long[]::new),
                entries.stream().map(LogEntry::base).toArray(Long[]::new),
                entries.stream().map(LogEntry::kind).toArray(String[]::new),
                parts(entries, LogEntry::salt),
                parts(entries, LogEntry::digest),
                parts(entries, entry -> HexFormat.of().parseHex(entry.hash())),
                parts(entries, LogEntry::payload));
    }

    private static byte[] @Nullable [] parts(List<LogEntry> entries, Part part) {
        byte[] @Nullable [] parts = new byte[entries.size()][];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = part.of(entries.get(i));
        }
        return parts;
    }

    /** Where the log stands if it has exactly these entries; null if it has not. */
    private @Nullable LogPosition present(Session session, UUID id, List<LogEntry> entries) throws SQLException {
        LogPosition last = entries.get(entries.size() - 1).position();
        Optional<LogPosition> there = session.first(
                Sql.SLOT,
                row -> new LogPosition(last.version(), HexFormat.of().formatHex(row.getBytes("chain"))),
                tenant,
                id,
                last.version());
        if (there.isEmpty() || !there.get().equals(last)) {
            return null;
        }
        // Somebody gave up waiting for this commit, or it would not have been sent again: wait for it here.
        awaitCommits(session);
        return head(session, id).map(Head::position).orElse(last);
    }

    private static void awaitCommits(Session session) throws SQLException {
        try {
            session.commit(Sql.BARRIER);
        } catch (SQLException e) {
            throw new SQLException(e.getMessage(), SqlErrors.UNKNOWN_STATE, e);
        }
    }

    /** Where the log stands. */
    Optional<LogPosition> head(String conversation) {
        UUID id = UUID.fromString(conversation);
        return database.read(
                "read conversation " + conversation,
                session -> head(session, id).map(Head::position));
    }

    private Optional<Head> head(Session session, UUID id) throws SQLException {
        return session.first(Sql.HEAD, LogWriter::head, tenant, id);
    }

    private static Head head(ResultSet row) throws SQLException {
        return new Head(Row.position(row), LogEntry.SEALED.equals(row.getString("kind")));
    }
}
