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
import java.util.stream.Stream;
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
    private final Fold fold;
    private final List<LogEntry> added = new ArrayList<>();
    private final List<Runnable> followers = new ArrayList<>();
    private LogPosition durable;
    private LogPosition end;
    // By the monotonic clock; the log cannot have been another owner's before.
    private final long begun = System.nanoTime();
    private long ownedAt = begun;
    private boolean inDoubt;

    private Log(HostStore store, String id) {
        this(store, id, new Fold(), LogPosition.START);
    }

    /** A log whose fold stands at that position already. */
    Log(HostStore store, String id, Fold fold, LogPosition at) {
        this.store = store;
        this.id = id;
        this.fold = fold;
        this.durable = at;
        this.end = at;
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
        return find(store, id).orElseThrow(() -> notFound(id));
    }

    /** What says that the store has no such conversation. */
    public static StoreException notFound(String id) {
        return new StoreException(StoreException.Kind.NOT_FOUND, "there is no conversation " + id + " in this store");
    }

    /** The same, but empty where the store has no such conversation. */
    public static Optional<Log> find(HostStore store, String id) {
        Log log = new Log(store, id);
        List<LogEntry> entries = store.load(id);
        if (entries.size() > 1 && entries.get(0).version() > 1 && isEmpty(entries.get(1))) {
            long base = base(store, id, entries.get(entries.size() - 1));
            entries = store.stream(id, Math.max(0, base - 2)).toList();
        }
        entries.forEach(log::read);
        log.durable = log.end;
        return entries.isEmpty() ? Optional.empty() : Optional.of(log);
    }

    /**
     * This log as the store has it now: nothing is read where nothing was appended since, and what was is added to the fold;
     * empty where the store has the conversation no more. To be used in place of this one, which may be another history by now.
     */
    public Optional<Log> current() {
        long asked = System.nanoTime();
        LogPosition head = store.head(id).orElse(null);
        if (head == null) {
            return Optional.empty();
        }
        if (head.equals(durable)) {
            ownedAt = asked;
            return Optional.of(this);
        }
        return head.version() > durable.version() && catchUp(head, asked) ? Optional.of(this) : find(store, id);
    }

    // False where what the store has does not go on from here: it was deleted and made again, or came from elsewhere.
    private boolean catchUp(LogPosition head, long asked) {
        for (LogEntry entry : store.loadAfter(id, durable.version())) {
            if (!entry.follows(end)) {
                return false;
            }
            follow(entry);
        }
        durable = end;
        ownedAt = asked;
        return end.version() >= head.version();
    }

    /** The fold of a log up to a version, begun at the newest entry up to there that restates the whole prompt. */
    public static Fold foldOf(HostStore store, String id, long version) {
        LogEntry last = entry(store, id, version)
                .orElseThrow(() -> new IllegalArgumentException("conversation " + id + " has no version " + version));
        return folded(store, id, Math.max(0, base(store, id, last) - 2), version);
    }

    /** The same, read from the beginning: items that an old window says without their names have them. */
    public static Fold foldOfAll(HostStore store, String id, long version) {
        return folded(store, id, 0, version);
    }

    private static Fold folded(HostStore store, String id, long after, long version) {
        Log log = new Log(store, id);
        try (Stream<LogEntry> entries = store.stream(id, after)) {
            entries.takeWhile(entry -> entry.version() <= version).forEach(log::read);
        }
        return log.fold;
    }

    private static boolean isEmpty(LogEntry entry) {
        return entry.isErased() && entry.payload() == null;
    }

    // Older versions of this library have erased windows and left nothing in their place: one before is to be had.
    private static long base(HostStore store, String id, LogEntry last) {
        LogEntry entry = last;
        while (entry.base() > 1) {
            long base = entry.base();
            LogEntry window =
                    base == entry.version() ? entry : entry(store, id, base).orElse(entry);
            if (!isEmpty(window)) {
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

    // Where the first one is not the log's first, it comes before one that restates everything, and only its hash
    // matters.
    private void read(LogEntry entry) {
        if (end.version() == 0 && entry.version() > 1) {
            end = entry.position();
        } else {
            follow(entry);
        }
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
        fold.apply(next, entry.item());
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

    /** Whether it is what the store has, as far as is known: nothing was added that is not durable. */
    boolean sound() {
        return !inDoubt && added.isEmpty() && followers.isEmpty() && durable.version() > 0;
    }

    /** When it was begun to be read, by the monotonic clock. */
    long begun() {
        return begun;
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
