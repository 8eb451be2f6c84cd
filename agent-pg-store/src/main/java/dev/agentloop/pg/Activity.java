package dev.agentloop.pg;

import dev.agentloop.Item;
import dev.agentloop.Usage;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/*
 * Whoever counts holds the row of the conversation's activity, and so does whoever erases or deletes, after the entries: of
 * the two, one waits for the other and sees what it did. So no entry is counted twice, by however many processes, and no
 * word stays of what was erased. Appends know nothing of all this.
 */
/** Counts and searches what the conversations of a tenant have, behind the appends. */
record Activity(Database database, String tenant) {
    private static final int PAGE = 500;
    private static final String SAID_BY_USER = "item.user";
    private static final String SAID_BY_MODEL = "item.model";
    private static final String[] READ = Stream.concat(Sums.KINDS.stream(), Stream.of(SAID_BY_USER, SAID_BY_MODEL))
            .toArray(String[]::new);

    /** Counts what was appended since it was last counted. */
    void refresh(String conversation) {
        UUID id = UUID.fromString(conversation);
        boolean more = true;
        while (more) {
            more = database.transaction(
                    "count what conversation " + conversation + " used", session -> page(session, id));
        }
    }

    private boolean page(Session session, UUID id) throws SQLException {
        Sums before = claimed(session, tenant, id).orElse(null);
        if (before == null) {
            return false;
        }
        List<Sums.Entry> entries =
                session.rows(Sql.UNCOUNTED, Activity::entry, READ, tenant, id, before.counted(), (long) PAGE);
        Sums after = before.plus(entries);
        if (after.counted() == before.counted()) {
            return false;
        }
        Usage usage = after.usage();
        session.change(
                Sql.COUNT,
                after.counted(),
                after.turns(),
                after.steps(),
                usage.input(),
                usage.cached(),
                usage.cacheWritten(),
                usage.output(),
                usage.reasoning(),
                Boolean.toString(usage.estimated()),
                tenant,
                id);
        index(
                session,
                id,
                entries.stream()
                        .filter(entry -> entry.version() <= after.counted())
                        .toList());
        return entries.size() == PAGE;
    }

    /** Holds what was counted of a conversation until the transaction ends; empty if there is no such conversation. */
    static Optional<Sums> claimed(Session session, String tenant, UUID id) throws SQLException {
        Optional<Sums> there = session.first(Sql.CLAIM_COUNT, Activity::sums, tenant, id);
        if (there.isPresent()) {
            return there;
        }
        session.change(Sql.BEGIN_COUNT, tenant, id);
        return session.first(Sql.CLAIM_COUNT, Activity::sums, tenant, id);
    }

    private void index(Session session, UUID id, List<Sums.Entry> entries) throws SQLException {
        Words words = new Words(tenant);
        List<Long> versions = new ArrayList<>();
        List<String> said = new ArrayList<>();
        for (Sums.Entry entry : entries) {
            Set<String> distinct = words.of(text(entry));
            if (!distinct.isEmpty()) {
                versions.add(entry.version());
                said.add(String.join(" ", distinct));
            }
        }
        if (!versions.isEmpty()) {
            session.change(Sql.INDEX, tenant, id, versions.toArray(new Long[0]), said.toArray(new String[0]));
        }
    }

    private static String text(Sums.Entry entry) {
        byte[] payload = entry.payload();
        boolean said = entry.kind().equals(SAID_BY_USER) || entry.kind().equals(SAID_BY_MODEL);
        return said && !entry.erased() && payload != null && Item.of(payload) instanceof Item.Message message
                ? message.text()
                : "";
    }

    private static Sums.Entry entry(ResultSet row) throws SQLException {
        return new Sums.Entry(
                row.getLong("seq"),
                row.getString("kind"),
                row.getBoolean("anchor"),
                row.getBoolean("erased"),
                row.getBytes("payload"));
    }

    private static Sums sums(ResultSet row) throws SQLException {
        return new Sums(row.getLong("counted"), row.getLong("turns"), row.getLong("steps"), usage(row));
    }

    private static Usage usage(ResultSet row) throws SQLException {
        return new Usage(
                row.getLong("input_tokens"),
                row.getLong("cached_tokens"),
                row.getLong("cache_write_tokens"),
                row.getLong("output_tokens"),
                row.getLong("reasoning_tokens"),
                row.getBoolean("estimated"));
    }

    UsageSum usage(String conversation) {
        return database.read(
                "read what conversation " + conversation + " used",
                session -> session.first(
                                Sql.COUNTED,
                                row -> new UsageSum(usage(row), row.getLong("turns"), row.getLong("steps"), 1),
                                tenant,
                                UUID.fromString(conversation))
                        .orElse(new UsageSum(Usage.NONE, 0, 0, 0)));
    }

    UsageSum usage(Instant from, Instant to) {
        return database.read(
                "sum what was used",
                session -> session.first(
                                Sql.SUM,
                                row -> new UsageSum(
                                        usage(row), row.getLong("turns"), row.getLong("steps"), row.getLong("found")),
                                tenant,
                                firstAt(from),
                                firstAt(to))
                        .orElseThrow());
    }

    /** The lowest id that a conversation begun at this time, to the millisecond, can have. */
    static UUID firstAt(Instant time) {
        return new UUID(Math.max(0, Math.min(time.toEpochMilli(), (1L << 48) - 1)) << 16, 0);
    }

    List<SearchMatch> search(String text, String before, int limit) {
        String[] words = new Words(tenant).of(text).toArray(new String[0]);
        if (words.length == 0) {
            return List.of();
        }
        UUID last = before.isEmpty() ? new UUID(-1, -1) : UUID.fromString(before);
        return database.read(
                "search conversations",
                session -> session.rows(
                        Sql.SEARCH,
                        row -> new SearchMatch(row.getString("conversation"), row.getLong("seq")),
                        words,
                        tenant,
                        last,
                        (long) limit));
    }
}
