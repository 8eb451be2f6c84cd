package dev.agentloop.internal.log;

import dev.agentloop.Prompt;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.prompt.ChunkedPrompt;
import dev.agentloop.internal.prompt.ItemLine;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.spi.LogPosition;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/*
 * Who owns what. A fold is in here or in the hands of one thread, never both: take() takes it out, keep() puts it back. So
 * whoever has one may change it without a lock, and nobody waits for anybody: who finds none here reads the log.
 */
/**
 * The folded logs of the conversations that were used last, bounded in bytes. What the store has decides: before a log is
 * used, the store is asked where its own stands, and what came since is read. Thread-safe.
 */
public final class LogCache {
    private static final long ITEM_BYTES = 160;
    private static final long LOG_BYTES = 8 * 1024;

    private final long most;
    private final BiPredicate<HostStore, String> changedInPlace;
    // The one used last comes last; guarded by the monitor of this cache, as all that is not final.
    private final Map<Key, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;
    private long dropped = System.nanoTime();

    private record Key(Object place, String conversation) {}

    private record Kept(Fold fold, LogPosition position, long weight) {}

    /**
     * A cache without logs.
     *
     * @param most how many bytes the logs in it hold together, about; 0 for no cache
     * @param changedInPlace whether entries of a conversation may be others than they were although the log ends where it did,
     *     such as erased ones, so that its log is read again
     */
    public LogCache(long most, BiPredicate<HostStore, String> changedInPlace) {
        this.most = most;
        this.changedInPlace = changedInPlace;
    }

    /**
     * The log of a conversation as the store has it now, for this thread alone; empty where the store has none. {@link #keep}
     * it afterwards, if it was not changed otherwise than durably.
     */
    public Optional<Log> take(HostStore from, String conversation) {
        Kept known = most == 0 ? null : remove(key(from, conversation));
        return known == null || changedInPlace.test(from, conversation)
                ? Log.find(from, conversation)
                : new Log(from, conversation, known.fold(), known.position()).current();
    }

    /**
     * Keeps a log for whoever takes it next; the caller uses it no more. One that is not what the store has is thrown away, and
     * so are those that were not used for longest, where there is no room.
     */
    public void keep(Log log) {
        if (most == 0 || !log.sound()) {
            return;
        }
        Key key = key(log.store(), log.id());
        put(key, new Kept(log.fold(), log.position(), weight(log.fold())), log.begun());
    }

    private synchronized void put(Key key, Kept log, long begun) {
        Kept other = kept.get(key);
        boolean behind =
                other != null && other.position().version() > log.position().version();
        if (behind || log.weight() > most || begun - dropped <= 0) {
            return;
        }
        remove(key);
        kept.put(key, log);
        bytes += log.weight();
        Iterator<Kept> eldest = kept.values().iterator();
        while (bytes > most) {
            bytes -= eldest.next().weight();
            eldest.remove();
        }
    }

    private synchronized @Nullable Kept remove(Key key) {
        Kept known = kept.remove(key);
        bytes -= known == null ? 0 : known.weight();
        return known;
    }

    /**
     * Drops the log of a conversation of which entries were changed in place. What anybody has taken of any conversation until
     * now is not kept either.
     */
    public void drop(HostStore store, String conversation) {
        Key key = key(store, conversation);
        synchronized (this) {
            remove(key);
            dropped = System.nanoTime();
        }
    }

    /** About how many bytes the logs in here hold. */
    public synchronized long bytes() {
        return bytes;
    }

    private static Key key(HostStore store, String conversation) {
        return new Key(store.place(), conversation);
    }

    // The user's messages and what is pinned are kept beside the prompt, too: never more than the prompt itself.
    private static long weight(Fold fold) {
        if (!fold.hasPrompt()) {
            return LOG_BYTES;
        }
        Prompt prompt = fold.prompt();
        long open = fold.open().values().stream().mapToLong(LogCache::weight).sum();
        return LOG_BYTES
                + ChunkedPrompt.held(prompt, fold.lastSent())
                + prompt.length()
                + ITEM_BYTES * prompt.size()
                + open;
    }

    private static long weight(Call call) {
        NamedItem given = call.output();
        long output = given == null ? 0 : ItemLine.of(given.item()).length;
        // The arguments are there as text, too.
        return ITEM_BYTES + 3L * ItemLine.of(call.item()).length + output;
    }
}
