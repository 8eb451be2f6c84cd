package dev.agentloop;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one appender of a conversation's log: what it takes is first durable in the store, then part of the fold.
 *
 * <p>Not thread-safe; its owner is the thread that runs the conversation.
 */
final class ConversationLog {
    private static final Logger LOG = LoggerFactory.getLogger(ConversationLog.class);
    private static final int SETTLE_TRIES = 5;

    private final HostStore store;
    private final String id;
    private final Fold fold = new Fold();
    private LogPosition position = LogPosition.START;
    // By the monotonic clock; the log cannot have been another owner's before.
    private long ownedAt = System.nanoTime();
    private boolean inDoubt;

    private ConversationLog(HostStore store, String id) {
        this.store = store;
        this.id = id;
    }

    /** A log that nothing was appended to yet. */
    static ConversationLog begin(HostStore store, String id) {
        return new ConversationLog(store, id);
    }

    /**
     * Reads a log from the newest entry that restates the whole prompt, and checks its chain from there.
     *
     * @throws StoreException {@code NOT_FOUND} if there is none, {@code CORRUPT} if the chain is broken
     */
    static ConversationLog load(HostStore store, String id) {
        List<LogEntry> entries = store.load(id);
        if (entries.isEmpty()) {
            throw new StoreException(
                    StoreException.Kind.NOT_FOUND, "there is no conversation " + id + " in this store");
        }
        ConversationLog log = new ConversationLog(store, id);
        LogEntry first = entries.get(0);
        boolean whole = first.version() == 1;
        if (!whole) {
            // Behind it comes an entry that restates everything; of what led there only the hash matters.
            log.position = first.position();
        }
        entries.stream().skip(whole ? 0 : 1).forEach(log::follow);
        return log;
    }

    /** The fold of a log up to a version. */
    static Fold foldOf(HostStore store, String id, long version) {
        ConversationLog log = new ConversationLog(store, id);
        store.stream(id, 0).takeWhile(entry -> entry.version() <= version).forEach(log::follow);
        if (log.position.version() < version || version < 1) {
            throw new IllegalArgumentException("conversation " + id + " has no version " + version);
        }
        return log.fold;
    }

    private void follow(LogEntry entry) {
        if (!entry.follows(position)) {
            throw new StoreException(
                    StoreException.Kind.CORRUPT,
                    "entry " + entry.version() + " of conversation " + id + " does not follow version "
                            + position.version() + ": the log was changed after it was written");
        }
        fold.apply(entry);
        position = entry.position();
    }

    /** Makes the entries durable, all or none, and folds them in. Does nothing without any. */
    void append(List<Draft> drafts) {
        if (drafts.isEmpty()) {
            return;
        }
        List<LogEntry> entries = new ArrayList<>(drafts.size());
        LogPosition before = position;
        long turn = fold.turn().underWay();
        long base = fold.base();
        for (Draft draft : drafts) {
            long version = before.version() + 1;
            turn = draft.kind().equals(Draft.TURN_BEGUN) ? version : turn;
            base = draft.restates() ? version : base;
            Draft whole = draft;
            if (draft.restates()) {
                whole = draft.withState(
                        foldBehind(entries, LogEntry.after(before, draft.kind(), turn, base, draft.payload())));
            }
            LogEntry entry = LogEntry.after(before, draft.kind(), turn, base, whole.payload());
            entries.add(entry);
            before = entry.position();
        }
        appendDurably(entries);
        entries.forEach(fold::apply);
        position = before;
    }

    // The state that an entry restates is the one behind it, so the log is folded once more, with it at the end. That
    // is as much work as the compaction that the entry comes from, and the fold at hand stays the log's own.
    private Fold foldBehind(List<LogEntry> notYetDurable, LogEntry restating) {
        Fold behind = (position.version() == 0 ? begin(store, id) : load(store, id)).fold;
        notYetDurable.forEach(behind::apply);
        behind.apply(restating);
        return behind;
    }

    // Whether an append whose answer was lost has happened is settled by sending it again, never by a read: a read may
    // come before it.
    private void appendDurably(List<LogEntry> entries) {
        long sent = System.nanoTime();
        StoreException unknown = null;
        for (int attempt = 1; ; attempt++) {
            try {
                store.append(id, position, entries);
                ownedAt = sent;
                inDoubt = false;
                return;
            } catch (StoreException e) {
                if (unknown != null && e.kind() == StoreException.Kind.UNAVAILABLE) {
                    // Nothing came of sending it again, which says nothing of the first time.
                    unknown.addSuppressed(e);
                    throw unknown;
                }
                inDoubt = e.kind() == StoreException.Kind.OUTCOME_UNKNOWN;
                if (!inDoubt || attempt == SETTLE_TRIES || !store.mayTryAgain()) {
                    throw e;
                }
                unknown = e;
                LOG.warn(
                        "conversation {}: outcome of append after version {} unknown, sending it again ({} of {})",
                        id,
                        position.version(),
                        attempt,
                        SETTLE_TRIES,
                        e);
            }
        }
    }

    /**
     * Makes sure, just before an effect, that nobody can have taken the conversation over: by this process's own deadline,
     * and where that has passed, by the log.
     *
     * @throws StoreException {@code CONFLICT} if somebody has
     */
    void checkOwned() {
        if (store.leases().held(ownedAt)) {
            return;
        }
        long asked = System.nanoTime();
        LogPosition head = store.head(id).orElse(LogPosition.START);
        if (!head.equals(position)) {
            throw new StoreException(
                    StoreException.Kind.CONFLICT,
                    "conversation " + id + " was taken over at version " + (position.version() + 1)
                            + " while this process showed no sign of life; what it was about to do was not done");
        }
        ownedAt = asked;
    }

    /** Whether it is not known if the last append was made, so that the log must be read again before anything else. */
    boolean inDoubt() {
        return inDoubt;
    }

    /** Whether the log has a turn under way, as far as this one knows. */
    boolean mayBeOpen() {
        return inDoubt || fold.turn().underWay() != 0;
    }

    String id() {
        return id;
    }

    LogPosition position() {
        return position;
    }

    Fold fold() {
        return fold;
    }

    /** The whole text of an output that was cut. */
    Optional<String> fullOutput(String callId) {
        Long version = fold.calls().fullOutput(callId);
        if (version == null) {
            return Optional.empty();
        }
        return store.read(id, version - 1, 1).stream()
                .findFirst()
                .map(entry -> ItemBytes.orEmpty(JsonFields.of(entry.content()).text("text")));
    }
}
