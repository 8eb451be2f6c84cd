package dev.agentloop.spi;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the logs of conversations. The log is the lock: an append succeeds only where it continues the history that its
 * writer knows.
 *
 * <p>All stores are thread-safe, pass the contract suite of {@code agent-testkit}, and throw nothing but
 * {@link StoreException} (and {@link IllegalArgumentException} for ids that are none). A conversation's id is a UUID in
 * its lower-case text form.
 */
public interface ConversationStore extends AutoCloseable {

    /** A store in this process's memory, gone with it. */
    static ConversationStore inMemory() {
        return new MemoryStore();
    }

    /**
     * A store of one file for each conversation, in JSON lines, in this folder, which is made if need be.
     *
     * <p>An append is forced to the disk before it returns. One process at a time can write to a conversation. A line that
     * a crash left unfinished is cut off and reported; a damaged line before the last makes reading fail.
     */
    static ConversationStore files(Path folder) {
        return new FileStore(folder);
    }

    /**
     * Appends all the entries, or none of them; durable when it returns.
     *
     * <p>It succeeds if the log ends at {@code expected} (which is {@link LogPosition#START} for a new conversation), and
     * also if exactly these entries already follow {@code expected}: sending an append again is always safe.
     *
     * @param entries one or more, each following the one before, the first following {@code expected}
     * @return where the log stands now
     * @throws StoreException {@code CONFLICT} if other entries follow, or {@code expected} is not in this log;
     *     {@code OUTCOME_UNKNOWN} if nobody knows
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

    /** Where the log stands; empty if there is none. */
    Optional<LogPosition> head(String conversation);

    /**
     * Begins a conversation with the history of another one up to {@code at}. What happens to the source later does not
     * change it.
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
    List<Summary> list(String before, int limit);

    /** Deletes a conversation and everything in it; does nothing if there is none. */
    void delete(String conversation);

    /** Ends what the store itself made, such as open files. Waits for appends that are under way. */
    @Override
    void close();

    /**
     * A conversation in a list.
     *
     * @param changed about when it was last appended to
     */
    record Summary(String conversation, LogPosition head, Instant changed) {}
}
