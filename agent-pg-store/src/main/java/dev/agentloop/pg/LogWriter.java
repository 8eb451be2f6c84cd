package dev.agentloop.pg;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
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
    private static final int TRIES = 5;

    /** Where the log stands, and whether that is its end. */
    private record Head(LogPosition position, boolean sealed) {}

    LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
        UUID id = UUID.fromString(conversation);
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

    private boolean inserted(Session session, UUID id, LogPosition expected, List<LogEntry> entries)
            throws SQLException {
        boolean first = expected.version() == 0;
        Optional<byte[]> chain = Row.chain(expected);
        if (!first && chain.isEmpty()) {
            return false;
        }
        try {
            return (first
                            ? session.commit(Sql.BEGIN, parameters(id, entries, tenant, id))
                            : session.commit(
                                    Sql.APPEND,
                                    parameters(id, entries, tenant, id, expected.version(), chain.orElseThrow())))
                    > 0;
        } catch (SQLException e) {
            if (SqlErrors.isTaken(e) || SqlErrors.isLostRace(e)) {
                return false;
            }
            throw e;
        }
    }

    // The guard's parameters come first in the one statement and last in the other.
    private Object[] parameters(UUID id, List<LogEntry> entries, Object... guard) {
        Object[] rows = {
            tenant,
            id,
            column(entries, LogEntry::version, new Long[0]),
            column(entries, LogEntry::turn, new Long[0]),
            column(entries, LogEntry::base, new Long[0]),
            column(entries, LogEntry::kind, new String[0]),
            column(entries, LogEntry::salt, new byte[0][]),
            column(entries, LogEntry::digest, new byte[0][]),
            column(entries, entry -> HexFormat.of().parseHex(entry.hash()), new byte[0][]),
            column(entries, LogEntry::payload, new byte[0][])
        };
        boolean guardFirst = guard.length == 2;
        Object[] all = new Object[rows.length + guard.length];
        System.arraycopy(rows, 0, all, guardFirst ? guard.length : 0, rows.length);
        System.arraycopy(guard, 0, all, guardFirst ? 0 : rows.length, guard.length);
        return all;
    }

    private static <T extends @Nullable Object> T[] column(
            List<LogEntry> entries, Function<LogEntry, ? extends T> value, T[] array) {
        return entries.stream().map(value).toList().toArray(array);
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
