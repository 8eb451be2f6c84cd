package dev.agentloop.spi;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Keeps the logs of conversations. The log is the lock: an append succeeds only where it continues the history that its
 * writer knows.
 *
 * <p>All stores are thread-safe, pass the contract suite of {@code agent-testkit}, and throw nothing but
 * {@link StoreException} (and {@link IllegalArgumentException} for ids that are none). A conversation's id is a UUID in
 * its lower-case text form.
 *
 * <p>A run calls its store on its own thread, so each method returns or throws within a time limit of the store's own. A run
 * that is to end interrupts a call that goes on for a second; an append that is given up for it has an unknown outcome. What a
 * store throws besides, or null, is taken for the least: a read as {@code UNAVAILABLE}, a write as {@code OUTCOME_UNKNOWN}.
 */
public interface ConversationStore extends AutoCloseable {

    /**
     * Refuses what is no append whatever the log holds; for those who write a store.
     *
     * @throws IllegalArgumentException if the id is none, there is no entry, one does not follow the one before, or one
     *     follows the end of the log ({@link LogEntry#SEALED})
     */
    static void checkAppend(String conversation, LogPosition expected, List<LogEntry> entries) {
        checkId(conversation);
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("an append has at least one entry");
        }
        LogPosition before = expected;
        boolean sealed = false;
        for (LogEntry entry : entries) {
            if (!entry.follows(before)) {
                throw new IllegalArgumentException("entry " + entry + " does not follow version " + before.version());
            }
            if (sealed) {
                throw new IllegalArgumentException("entry " + entry + " follows version " + before.version()
                        + ", which ends the log for good: let it be the last");
            }
            sealed = entry.kind().equals(LogEntry.SEALED);
            before = entry.position();
        }
    }

    /**
     * Refuses what is not the lower-case text of a UUID, so that an id is safe as a file's name and as a column; for those
     * who write a store.
     */
    static void checkId(String conversation) {
        boolean valid = conversation.length() == 36;
        for (int i = 0; valid && i < 36; i++) {
            char c = conversation.charAt(i);
            valid = i == 8 || i == 13 || i == 18 || i == 23
                    ? c == '-'
                    : (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        }
        if (!valid) {
            throw new IllegalArgumentException("a conversation's id is a UUID in lower case such as " + new UUID(0L, 0L)
                    + ", but this is \"" + conversation + "\"");
        }
    }

    /**
     * Appends all the entries, or none of them; durable when it returns.
     *
     * <p>It succeeds if the log ends at {@code expected} (which is {@link LogPosition#START} for a new conversation), and
     * also if exactly these entries already follow {@code expected}: sending an append again is always safe.
     *
     * @param entries one or more, each following the one before, the first following {@code expected}
     * @return where the log stands now
     * @throws StoreException {@code CONFLICT} if other entries follow, or {@code expected} is not in this log; {@code SEALED}
     *     if the log ends in an entry of kind {@link LogEntry#SEALED}; {@code OUTCOME_UNKNOWN} if nobody knows
     */
    LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries);

    /**
     * The entries behind a version, in order and without gaps.
     *
     * @param after the version before the first one wanted; 0 for the beginning
     * @param limit the most entries to return, at least 1
     * @return empty where the log has nothing behind {@code after}, or does not exist
     */
    List<LogEntry> read(String conversation, long after, int limit);

    /**
     * The entries behind a version to the end of the log, read page by page as the stream is consumed: any length in constant
     * memory. What is appended meanwhile is seen or not.
     */
    default Stream<LogEntry> stream(String conversation, long after) {
        return LogPages.stream((from, limit) -> read(conversation, from, limit), after);
    }

    /**
     * The entries that a fold needs, in order and without gaps: from the newest one that restates the whole prompt
     * ({@link LogEntry#base}) to the last, and in front of them the one before, from which the chain goes on; the whole log
     * where nothing restates it.
     *
     * <p>Payloads of kinds that begin with {@link LogEntry#ASIDE} are left out ({@link LogEntry#forFold}).
     *
     * @return empty if there is no such conversation
     */
    default List<LogEntry> load(String conversation) {
        long head = head(conversation).map(LogPosition::version).orElse(0L);
        return LogPages.load((from, limit) -> read(conversation, from, limit), head);
    }

    /**
     * What a fold that stands at a version needs to go on: the entries after it, in order and without gaps, to the end of the
     * log. Payloads of kinds that begin with {@link LogEntry#ASIDE} are left out ({@link LogEntry#forFold}).
     *
     * @param version from 0, which is before the first entry
     * @return empty where the log has nothing after it, or does not exist
     */
    default List<LogEntry> loadAfter(String conversation, long version) {
        try (Stream<LogEntry> entries = stream(conversation, version)) {
            return entries.map(LogEntry::forFold).toList();
        }
    }

    /** Where the log stands; empty if there is none. */
    Optional<LogPosition> head(String conversation);

    /**
     * Begins a conversation with the history of another one up to {@code at}. Nothing that happens to the source later changes
     * it, but for what is erased: that is erased in both ({@link #erase}).
     *
     * @throws StoreException {@code NOT_FOUND} if the source has no entry of that version and hash; {@code EXISTS} if there
     *     is a conversation {@code target}
     */
    void fork(String source, LogPosition at, String target);

    /**
     * Conversations, the youngest first.
     *
     * @param before only those older than this id; empty for all. Ids are made so that they sort by age
     * @param limit the most to return, at least 1
     */
    List<Listed> list(String before, int limit);

    /**
     * Erases the payloads and salts of these entries, durably and wherever the store has copies of them, and puts a mark in the
     * place of each; the log stays, and its chain can still be verified. The marks are not covered by the chain hash.
     *
     * <p>An entry that conversations share by a fork is one entry: it is erased in all of {@link #sharing}, this one included.
     * Where one is erased already, the new mark takes the place of the old one, which may have said what must go now; versions
     * that are not there are passed over.
     *
     * @param marks one line of JSON in UTF-8 for each version
     * @throws StoreException {@code LOCKED} if another process has the log of one of them, so that it is not erased there; it is
     *     in all others. Send it again once that process has closed it, or let that one do it
     */
    void erase(String conversation, Map<Long, byte[]> marks);

    /**
     * The conversations that have this very entry: the one that it was written in, and those forked from it, from forks too, at
     * that version or later. In no order; this one included.
     *
     * @return empty where this conversation has no such entry
     */
    List<String> sharing(String conversation, long version);

    /**
     * Deletes a conversation with everything in it, its inbox included; does nothing if there is none.
     *
     * @throws StoreException {@code IN_USE} if another conversation was forked from it and still reads its entries
     */
    void delete(String conversation);

    /**
     * Leaves a message for the owner of a conversation's turn, which it folds into the log; durable when it returns. Needs no
     * right to append, and changes no log.
     *
     * @return whether this is the first message of its id in the conversation; the first one stays
     */
    boolean leave(String conversation, InboxMessage message);

    /** The messages that were left and not removed, the oldest first. */
    List<InboxMessage> inbox(String conversation);

    /**
     * Those of these conversations whose inbox has a message. A process asks it every two seconds, for all runs that it has at
     * work in this store at once, so let it cost little.
     */
    default Set<String> waiting(Collection<String> conversations) {
        return conversations.stream()
                .filter(conversation -> !inbox(conversation).isEmpty())
                .collect(Collectors.toSet());
    }

    /** Removes messages whose content the log has by now. */
    void removeMessages(String conversation, Collection<String> ids);

    /** Which owners of turns are alive; {@link Leases#NONE} for a store that no second process can write to. */
    default Leases leases() {
        return Leases.NONE;
    }

    /**
     * What this store is: equal for two stores through which the same conversations are reached, whoever made them. Tenants are
     * told apart by {@link #tenant}. Within a process, one thing at a time changes a conversation of one store and tenant,
     * whatever number of agents use it; a store that wraps another one gives the other's. Asked once by each agent.
     *
     * @return an immutable value with equals and hashCode, best the same object each time; the store itself where it has no
     *     more to say. Where this is null, or throws, the store is taken for one of its own
     */
    default Object identity() {
        return this;
    }

    /** Whose conversations these are; part of every key of the store, and empty where it has no tenants. */
    default String tenant() {
        return "";
    }

    /**
     * The files and folders of this machine in which the conversations and their messages lie, absolute; empty where the
     * store has none. Tools that read and write files for a model keep out of them: a message there can be a decision.
     */
    default Collection<Path> locations() {
        return List.of();
    }

    /** Ends what the store itself made, such as open files. Waits for appends that are under way. */
    @Override
    void close();

    /**
     * A conversation as {@link #list} gives it: its id, where its log stands, and about when that last changed.
     *
     * @param conversation the id
     * @param head where the log stands
     * @param changed about when it was last appended to
     */
    record Listed(String conversation, LogPosition head, Instant changed) {}
}
