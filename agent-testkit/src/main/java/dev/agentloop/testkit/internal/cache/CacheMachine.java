package dev.agentloop.testkit.internal.cache;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One machine's cache: prefixes by their hashes, and when each was used last. Not thread-safe. */
public final class CacheMachine {
    private final int minimumTokens;
    private final boolean exact;
    private final long idleMillis;
    private final Map<Long, Long> usedAt = new HashMap<>();

    /** With an empty cache, where prefixes end only where requests did if it is {@code exact}. */
    public CacheMachine(int minimumTokens, boolean exact, Duration idle) {
        this.minimumTokens = minimumTokens;
        this.exact = exact;
        this.idleMillis = idle.toMillis();
    }

    /** The longest prefix that is still there; -1 for none. */
    public int longest(PrefixPoints points, long now) {
        for (int i = points.count() - 1; i >= 0; i--) {
            Long used = usedAt.get(points.hash(i));
            if (used != null && now - used <= idleMillis) {
                return i;
            }
        }
        return -1;
    }

    /** Keeps what a request brought, and renews what it read: whoever reads a prefix reads all that it begins with. */
    public void keep(PrefixPoints points, int read, long now) {
        int last = points.count() - 1;
        for (int i = last; i >= 0 && points.tokens(i) >= minimumTokens; i--) {
            if (i == last || !exact) {
                usedAt.put(points.hash(i), now);
            } else if (i <= read) {
                usedAt.computeIfPresent(points.hash(i), (hash, before) -> now);
            }
        }
    }

    /** Which of a key's machines takes a request: the first that has room for another one in this minute. */
    public static final class Route {
        private static final long MINUTE = 60_000;

        private final List<Deque<Long>> taken = new ArrayList<>();

        public int take(int mostInAMinute, long now) {
            for (int i = 0; ; i++) {
                if (i == taken.size()) {
                    taken.add(new ArrayDeque<>());
                }
                Deque<Long> times = taken.get(i);
                while (!times.isEmpty() && now - times.peekFirst() >= MINUTE) {
                    times.removeFirst();
                }
                if (times.size() < mostInAMinute) {
                    times.addLast(now);
                    return i;
                }
            }
        }
    }
}
