package dev.agentloop.pg;

import dev.agentloop.spi.ConversationStore.Listed;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.spi.StoreException.Kind;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/*
 * A fork is a row that names its origin, and an anchor in its log: a copy of the entry that it goes on behind, without the
 * payload, so that an append to a fork is like any other. Its origin is the conversation that holds that very entry, so
 * the origin of a fork never is an anchor. Whoever forks or leaves a message keeps the conversation's row from being
 * deleted, and whoever deletes takes that row first: of the two, one waits for the other and sees what it did.
 */
/** Forks, lists, erases and deletes the conversations of a tenant. */
record Conversations(Database database, String tenant) {
    private static final long DELETED_AT_ONCE = 10_000;

    void fork(String source, LogPosition at, String target) {
        UUID id = UUID.fromString(target);
        byte[] chain = Row.chain(at).orElseThrow(() -> StoreException.noSuchVersion(source, at));
        database.transaction("fork conversation " + source, session -> {
            UUID holder = holder(session, UUID.fromString(source), at);
            if (holder == null
                    || session.first(Sql.KEEP, row -> row.getString(1), tenant, holder)
                            .isEmpty()) {
                throw StoreException.noSuchVersion(source, at);
            }
            if (session.change(Sql.FORK, tenant, id, holder, at.version()) == 0) {
                throw StoreException.exists(target);
            }
            if (session.change(Sql.ANCHOR, id, tenant, holder, at.version(), chain) == 0) {
                throw StoreException.noSuchVersion(source, at);
            }
            return id;
        });
    }

    /** The conversation that holds this entry itself: the source, or one that it was forked from; null if none does. */
    private @Nullable UUID holder(Session session, UUID source, LogPosition at) throws SQLException {
        UUID writer = Origins.of(session, tenant, source).writer(at.version());
        byte[] chain = Row.chain(at).orElseThrow();
        return slot(session, writer, at.version())
                        .filter(there -> Arrays.equals(chain, there))
                        .isPresent()
                ? writer
                : null;
    }

    /** The chain hash of an entry that was written in this very conversation. */
    private Optional<byte[]> slot(Session session, UUID writer, long version) throws SQLException {
        return session
                .rows(
                        Sql.SLOT,
                        row -> row.getBoolean("anchor")
                                ? Optional.<byte[]>empty()
                                : Optional.ofNullable(row.getBytes("chain")),
                        tenant,
                        writer,
                        version)
                .stream()
                .flatMap(Optional::stream)
                .findFirst();
    }

    List<String> sharing(String conversation, long version) {
        return database.read("look who shares an entry of conversation " + conversation, session -> {
            UUID writer =
                    Origins.of(session, tenant, UUID.fromString(conversation)).writer(version);
            if (slot(session, writer, version).isEmpty()) {
                return List.of();
            }
            List<String> sharing = new ArrayList<>(List.of(writer.toString()));
            sharing.addAll(
                    session.rows(Sql.FORKS, row -> row.getString("conversation"), tenant, writer, version, tenant));
            return sharing;
        });
    }

    List<Listed> list(String before, int limit) {
        return database.read("list conversations", session -> {
            List<UUID> ids = before.isEmpty()
                    ? session.rows(Sql.LIST_FIRST, row -> row.getObject(1, UUID.class), tenant, (long) limit)
                    : session.rows(
                            Sql.LIST, row -> row.getObject(1, UUID.class), tenant, UUID.fromString(before), (long)
                                    limit);
            return session
                    .rows(
                            Sql.HEADS,
                            row -> listed(row.getString(1), row.getString(2)),
                            tenant,
                            ids.toArray(new UUID[0]))
                    .stream()
                    .flatMap(Optional::stream)
                    .toList();
        });
    }

    // A conversation that was deleted in between has no head.
    private static Optional<Listed> listed(String conversation, @Nullable String head) {
        if (head == null) {
            return Optional.empty();
        }
        String[] fields = head.split(" ");
        LogPosition position = new LogPosition(Long.parseLong(fields[0]), fields[1]);
        Instant changed = Instant.EPOCH.plus(Long.parseLong(fields[2]), ChronoUnit.MICROS);
        return Optional.of(new Listed(conversation, position, changed));
    }

    /** An entry by the conversation in which it was written, and what is put in the place of what it says. */
    private record Name(UUID conversation, long version, byte[] mark) {}

    // In one order, entries first: of two that erase the same, one waits for the other. The words go with the entries,
    // from
    // every conversation in which they were written: a fork has none of what it was forked from.
    void erase(String conversation, Map<Long, byte[]> marks) {
        if (marks.isEmpty()) {
            return;
        }
        database.transaction("erase in conversation " + conversation, session -> {
            Origins origins = Origins.of(session, tenant, UUID.fromString(conversation));
            List<Name> names = marks.entrySet().stream()
                    .map(mark -> new Name(origins.writer(mark.getKey()), mark.getKey(), mark.getValue()))
                    .sorted(Comparator.comparing(Name::conversation).thenComparingLong(Name::version))
                    .toList();
            int erased = session.change(
                    Sql.ERASE,
                    names.stream().map(Name::conversation).toArray(UUID[]::new),
                    names.stream().map(Name::version).toArray(Long[]::new),
                    names.stream().map(Name::mark).toArray(byte[][]::new),
                    tenant);
            Map<UUID, List<Long>> versions = new TreeMap<>();
            names.forEach(name -> versions.computeIfAbsent(name.conversation(), none -> new ArrayList<>())
                    .add(name.version()));
            for (Map.Entry<UUID, List<Long>> written : versions.entrySet()) {
                Activity.claimed(session, tenant, written.getKey());
                session.change(
                        Sql.ERASE_TEXT,
                        tenant,
                        written.getKey(),
                        written.getValue().toArray(new Long[0]));
            }
            return erased;
        });
    }

    void delete(String conversation) {
        UUID id = UUID.fromString(conversation);
        database.transaction("delete conversation " + conversation, session -> {
            session.first(Sql.CLAIM, row -> row.getString(1), tenant, id);
            Optional<String> fork = session.first(Sql.FORKED, row -> row.getString(1), tenant, id);
            if (fork.isPresent()) {
                throw new StoreException(
                        Kind.IN_USE,
                        "conversation " + conversation + " cannot be deleted while " + fork.get()
                                + " is forked from it and reads its entries: delete that one first, or erase what entries say");
            }
            long last = session.first(Sql.HEAD, Row::position, tenant, id)
                    .map(LogPosition::version)
                    .orElse(0L);
            for (long upTo = DELETED_AT_ONCE; upTo - DELETED_AT_ONCE < last; upTo += DELETED_AT_ONCE) {
                session.change(Sql.DELETE_ENTRIES, tenant, id, upTo);
            }
            session.change(Sql.DELETE_INBOX, tenant, id);
            session.change(Sql.DELETE_COUNT, tenant, id);
            session.change(Sql.DELETE_TEXT, tenant, id);
            return session.change(Sql.DELETE_CONVERSATION, tenant, id);
        });
    }
}
