package dev.agentloop.pg;

import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.StoreException;
import java.time.OffsetDateTime;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Keeps the messages for the conversations of a tenant. */
record Inbox(Database database, String tenant) {

    boolean leave(String conversation, InboxMessage message) {
        UUID id = UUID.fromString(conversation);
        LogWriter.checkSize("the message for conversation " + conversation, 1, message.payload().length);
        return database.write("leave a message for conversation " + conversation, session -> {
            int left = session.commit(Sql.LEAVE, message.id(), message.kind(), message.payload(), tenant, id);
            if (left == 0 && session.first(Sql.ORIGIN, row -> true, tenant, id).isEmpty()) {
                throw StoreException.nowhere(conversation);
            }
            return left > 0;
        });
    }

    List<InboxMessage> all(String conversation) {
        return database.read(
                "read the inbox of conversation " + conversation,
                session -> session.rows(
                        Sql.INBOX,
                        row -> new InboxMessage(
                                row.getString("id"),
                                row.getString("kind"),
                                row.getBytes("payload"),
                                row.getObject("at", OffsetDateTime.class).toInstant()),
                        tenant,
                        UUID.fromString(conversation)));
    }

    Set<String> waiting(Collection<String> conversations) {
        if (conversations.isEmpty()) {
            return Set.of();
        }
        UUID[] ids = conversations.stream().map(UUID::fromString).toArray(UUID[]::new);
        return database.read(
                "see which of " + ids.length + " conversations have messages",
                session -> Set.copyOf(session.rows(Sql.WAITING, row -> row.getString(1), ids, tenant)));
    }

    void remove(String conversation, Collection<String> ids) {
        database.write(
                "empty the inbox of conversation " + conversation,
                session ->
                        session.commit(Sql.REMOVE, tenant, UUID.fromString(conversation), ids.toArray(new String[0])));
    }
}
