package dev.agentloop.pg;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/*
 * A log whose first row is an anchor is a fork: what lies before is read from the conversation that it was forked from,
 * which may be a fork itself. A log that is no fork is read by one statement.
 */
/** Reads the logs of a tenant. */
record LogReader(Database database, String tenant) {

    /** What a conversation was forked from, and up to which version it reads it. */
    record Origin(UUID parent, long version) {}

    /** A part of a log that is wanted: behind one version, up to another, at most so many entries, by this statement. */
    private record Part(long after, long upTo, long limit, Sql sql) {}

    List<LogEntry> read(String conversation, long after, int limit) {
        Part part = new Part(Math.max(after, 0), Long.MAX_VALUE, limit, Sql.READ);
        return database.read(
                "read conversation " + conversation, session -> read(session, UUID.fromString(conversation), part));
    }

    List<LogEntry> load(String conversation) {
        UUID id = UUID.fromString(conversation);
        return database.read("load conversation " + conversation, session -> {
            List<LogEntry> rows = session.rows(Sql.LOAD, Row::entry, tenant, id, tenant, id);
            if (rows.isEmpty()) {
                return List.of();
            }
            long from = Math.max(1, rows.get(rows.size() - 1).base() - 1);
            return whole(session, id, rows, new Part(from - 1, Long.MAX_VALUE, Long.MAX_VALUE, Sql.READ_FOLDED));
        });
    }

    List<LogEntry> loadAfter(String conversation, long version) {
        Part part = new Part(Math.max(version, 0), Long.MAX_VALUE, Long.MAX_VALUE, Sql.READ_FOLDED);
        return database.read(
                "load what is new in conversation " + conversation,
                session -> read(session, UUID.fromString(conversation), part));
    }

    private List<LogEntry> read(Session session, UUID id, Part part) throws SQLException {
        List<LogEntry> rows = session.rows(part.sql(), Row::entry, tenant, id, part.after(), part.upTo(), part.limit());
        return rows.isEmpty() ? List.of() : whole(session, id, rows, part);
    }

    /** The rows of a part, and where they begin with an anchor, what it stands for and what lies before. */
    private List<LogEntry> whole(Session session, UUID id, List<LogEntry> rows, Part part) throws SQLException {
        List<LogEntry> entries = rows;
        LogEntry first = rows.get(0);
        // An anchor has neither salt nor payload. An erased entry has a mark, unless it is one whose payload is not
        // loaded or an
        // older version erased it; that is rare, and costs a look.
        if (first.salt() == null && first.payload() == null) {
            Optional<Optional<Origin>> found = session.first(Sql.ORIGIN, LogReader::origin, tenant, id);
            if (found.isEmpty()) {
                return List.of(); // deleted in between
            }
            Origin origin = found.get().orElse(null);
            if (origin != null && origin.version() == first.version()) {
                entries = behind(session, origin, rows, part);
            }
        }
        checkGapless(id, entries, part.after());
        return entries;
    }

    private List<LogEntry> behind(Session session, Origin origin, List<LogEntry> rows, Part part) throws SQLException {
        Part shared = new Part(part.after(), origin.version(), part.limit(), part.sql());
        List<LogEntry> entries = new ArrayList<>(read(session, origin.parent(), shared));
        rows.stream().skip(1).limit(Math.max(0, part.limit() - entries.size())).forEach(entries::add);
        return entries;
    }

    private static void checkGapless(UUID id, List<LogEntry> entries, long after) {
        long version = after;
        for (LogEntry entry : entries) {
            version++;
            if (entry.version() != version) {
                throw new StoreException(
                        StoreException.Kind.CORRUPT,
                        "conversation " + id + " has no version " + version + ", but version " + entry.version()
                                + ": rows of agent_entry are missing; restore them from a backup");
            }
        }
    }

    private static Optional<Origin> origin(ResultSet row) throws SQLException {
        UUID parent = row.getObject("parent", UUID.class);
        return parent == null ? Optional.empty() : Optional.of(new Origin(parent, row.getLong("parent_seq")));
    }
}
