package dev.agentloop.pg;

import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/*
 * The youngest first: a fork is younger than what it was forked from, so one pass deletes both.
 */
/** Deletes what a tenant does not want to keep, step by step. */
record Retention(Database database, String tenant, Conversations conversations) {

    DeletionPage deleteSealed(Instant before, String next, int limit) {
        UUID last = next.isEmpty() ? Activity.firstAt(before.plusMillis(1)) : UUID.fromString(next);
        List<UUID> page = database.read(
                "list conversations",
                session -> session.rows(Sql.LIST, row -> row.getObject(1, UUID.class), tenant, last, (long) limit));
        List<String> sealed = database.read(
                "see which conversations are sealed",
                session -> session.rows(
                        Sql.SEALED, row -> row.getString(1), page.toArray(new UUID[0]), before.toEpochMilli(), tenant));
        int deleted = 0;
        for (String conversation : sealed) {
            deleted += isDeleted(conversation) ? 1 : 0;
        }
        String goOn = page.size() < limit ? "" : page.get(page.size() - 1).toString();
        return new DeletionPage(deleted, sealed.size() - deleted, goOn);
    }

    private boolean isDeleted(String conversation) {
        try {
            conversations.delete(conversation);
            return true;
        } catch (StoreException e) {
            if (e.kind() == Kind.IN_USE) {
                return false;
            }
            throw e;
        }
    }

    // A conversation begins with its first entries, in one statement; so entries without one are left over from an
    // append that was on its way while its conversation was deleted.
    DeletionPage deleteOrphans(String next, int limit) {
        UUID after = next.isEmpty() ? new UUID(0, 0) : UUID.fromString(next);
        List<UUID> page = database.read(
                "look for entries without a conversation",
                session -> session.rows(
                        Sql.HOLDERS, row -> row.getObject(1, UUID.class), tenant, after, tenant, (long) limit));
        Set<UUID> orphans = new HashSet<>(page);
        orphans.removeAll(database.read(
                "look for entries without a conversation",
                session -> session.rows(
                        Sql.THERE, row -> row.getObject(1, UUID.class), tenant, page.toArray(new UUID[0]))));
        orphans.forEach(orphan -> conversations.delete(orphan.toString()));
        String goOn = page.size() < limit ? "" : page.get(page.size() - 1).toString();
        return new DeletionPage(orphans.size(), 0, goOn);
    }
}
