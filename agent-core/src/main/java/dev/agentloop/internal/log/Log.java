package dev.agentloop.internal.log;

import dev.agentloop.Compactor;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A conversation's log in the hands of its one appender. Entries are added one by one, and one commit makes them durable
 * together; what may happen only then follows the commit.
 *
 * <p>The fold has what was added; nothing is sent, told or started by it before the commit. Where one fails, this log is of no
 * more use, and is read again. Not thread-safe; its owner is the thread that runs the conversation.
 */
public final class Log {
    private static final Logger LOG = LoggerFactory.getLogger(Log.class);
    private static final int SETTLE_TRIES = 5;

    private final HostStore store;
    private final String id;
    private final Fold fold = new Fold();
    private final List<LogEntry> added = new ArrayList<>();
    private final List<Runnable> followers = new ArrayList<>();
    private LogPosition durable = LogPosition.START;
    private LogPosition end = LogPosition.START;
    // By the monotonic clock; the log cannot have been another owner's before.
    private long ownedAt = System.nanoTime();
    private boolean inDoubt;

    private Log(HostStore store, String id) {
        this.store = store;
        this.id = id;
    }

    /** A log that nothing was appended to yet. */
    public static Log begin(HostStore store, String id) {
        return new Log(store, id);
    }

    /**
     * Reads a log from the newest entry that restates the whole prompt, and checks its chain from there.
     *
     * @throws StoreException {@code NOT_FOUND} if there is none, {@code CORRUPT} if the chain is broken
     */
    public static Log load(HostStore store, String id) {
        List<LogEntry> entries = store.load(id);
        if (entries.isEmpty()) {
            throw new StoreException(
                    StoreException.Kind.NOT_FOUND, "there is no conversation " + id + " in this store");
        }
        Log log = new Log(store, id);
        LogEntry first = entries.get(0);
        boolean whole = first.version() == 1;
        if (!whole) {
            // After it comes an entry that restates everything; of what led there only the hash matters.
            log.end = first.position();
        }
        entries.stream().skip(whole ? 0 : 1).forEach(log::follow);
        log.durable = log.end;
        return log;
    }

    /** The fold of a log up to a version. */
    public static Fold foldOf(HostStore store, String id, long version) {
        LogEntry last = entry(store, id, version)
                .orElseThrow(() -> new IllegalArgumentException("conversation " + id + " has no version " + version));
        Log log = new Log(store, id);
        long after = Math.max(0, base(store, id, last) - 2);
        store.stream(id, after).takeWhile(entry -> entry.version() <= version).forEach(entry -> {
            if (entry.version() == after + 1 && after > 0) {
                log.end = entry.position();
            } else {
                log.follow(entry);
            }
        });
        return log.fold;
    }

    /** The same, read from the beginning: items that an old window says without their names have them. */
    public static Fold foldOfAll(HostStore store, String id, long version) {
        Log log = new Log(store, id);
        store.stream(id, 0).takeWhile(entry -> entry.version() <= version).forEach(log::follow);
        return log.fold;
    }

    // Older versions of this library have erased windows and left nothing in their place: one before is to be had.
    private static long base(HostStore store, String id, LogEntry last) {
        LogEntry entry = last;
        while (entry.base() > 1) {
            long base = entry.base();
            LogEntry window =
                    base == entry.version() ? entry : entry(store, id, base).orElse(entry);
            if (window.payload() != null) {
                return base;
            }
            entry = entry(store, id, base - 1).orElse(window);
        }
        return entry.base();
    }

    /** The entry of that version, if there is one. */
    public static Optional<LogEntry> entry(HostStore store, String id, long version) {
        return version < 1
                ? Optional.empty()
                : store.read(id, version - 1, 1).stream()
                        .filter(entry -> entry.version() == version)
                        .findFirst();
    }

    /** The compactions, the oldest first; of the log only the windows are read for them. */
    public List<Compactor.Completed> compactions() {
        Deque<Compactor.Completed> all = new ArrayDeque<>();
        long base = fold.base();
        while (base > 0) {
            List<LogEntry> entries = store.read(id, Math.max(0, base - 2), base > 1 ? 2 : 1);
            LogEntry window = entries.isEmpty() ? null : entries.get(entries.size() - 1);
            JsonFields fields = window == null || window.payload() == null ? null : JsonFields.of(window.content());
            if (fields != null && CompactionState.addOlder(fields, base, all)) {
                break;
            }
            base = entries.size() < 2 ? 0 : entries.get(0).base();
        }
        return List.copyOf(all);
    }

    private void follow(LogEntry entry) {
        if (!entry.follows(end)) {
            throw new StoreException(
                    StoreException.Kind.CORRUPT,
                    "entry " + entry.version() + " of conversation " + id + " does not follow version " + end.version()
                            + ": the log was changed after it was written");
        }
        fold.apply(entry);
        end = entry.position();
    }

    /** Adds an entry, which the next {@link #commit} makes durable; gives its version. */
    public long add(Entry entry) {
        long version = end.version() + 1;
        long turn =
                entry.kind().equals(Entry.TURN_BEGUN) ? version : fold.turn().underWay();
        long base = entry.restates() ? version : fold.base();
        LogEntry next = LogEntry.after(end, entry.kind(), turn, base, entry.payload());
        fold.apply(next);
        if (entry.restates()) {
            // The state that it restates is the one after it.
            next = LogEntry.after(
                    end,
                    entry.kind(),
                    turn,
                    base,
                    entry.withState(fold.named(), fold::write).payload());
        }
        added.add(next);
        end = next.position();
        return version;
    }

    /** The version that the entry which is added next will have. */
    public long nextVersion() {
        return end.version() + 1;
    }

    /** Has an act done when all that was added so far is durable. */
    public void then(Runnable act) {
        followers.add(act);
    }

    /**
     * Makes durable what was added, all or nothing, then does what was to follow, in order; all of it, even if the run is ended
     * in one.
     *
     * @throws StoreException if that cannot be; nothing of what was to follow is done then
     */
    public void commit() {
        if (!added.isEmpty()) {
            appendDurably(List.copyOf(added));
            durable = end;
            added.clear();
        }
        List<Runnable> now = List.copyOf(followers);
        followers.clear();
        RunEnd over = null;
        for (Runnable follower : now) {
            try {
                follower.run();
            } catch (RunEnd e) {
                over = e;
            }
        }
        if (over != null) {
            throw over;
        }
    }

    // Whether an append whose answer was lost has happened is settled by sending it again, never by a read: a read may
    // come before it.
    private void appendDurably(List<LogEntry> entries) {
        long sent = System.nanoTime();
        StoreException unknown = null;
        for (int attempt = 1; ; attempt++) {
            try {
                store.append(id, durable, entries);
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
                        durable.version(),
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
    public void checkOwned() {
        if (store.leases().held(ownedAt)) {
            return;
        }
        long asked = System.nanoTime();
        LogPosition head = store.head(id).orElse(LogPosition.START);
        if (!head.equals(durable)) {
            throw new StoreException(
                    StoreException.Kind.CONFLICT,
                    "conversation " + id + " was taken over at version " + (durable.version() + 1)
                            + " while this process showed no sign of life; what it was about to do was not done");
        }
        ownedAt = asked;
    }

    /** Whether it is not known if the last append was made, so that the log must be read again before anything else. */
    public boolean inDoubt() {
        return inDoubt;
    }

    /** Whether the stored log has a turn under way, as far as this one knows. */
    public boolean mayBeOpen() {
        return inDoubt || !added.isEmpty() || fold.turn().underWay() != 0;
    }

    public String id() {
        return id;
    }

    public HostStore store() {
        return store;
    }

    /** Where the durable log ends. */
    public LogPosition position() {
        return durable;
    }

    public Fold fold() {
        return fold;
    }

    /** The whole text of an output that was cut; on any thread. */
    public Optional<String> fullOutput(String callId) {
        Long version = fold.calls().fullOutput(callId);
        if (version == null) {
            return Optional.empty();
        }
        return store.read(id, version - 1, 1).stream()
                .findFirst()
                .map(entry -> JsonFields.of(entry.content()).textOrEmpty("text"));
    }
}
