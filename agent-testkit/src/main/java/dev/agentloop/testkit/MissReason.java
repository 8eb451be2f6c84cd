package dev.agentloop.testkit;

import dev.agentloop.Usage;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Why a request read less from a cache than the request before it had.
 *
 * @param machine the number of the key's machine that took it; 0 is the usual one
 * @param idle milliseconds since the request before it
 */
record MissReason(
        CacheSimulator.Profile profile, @Nullable CachedRequest before, CachedRequest request, int machine, long idle) {

    /** The reason in words, with how many tokens were not read. */
    String text(Usage usage, Usage best) {
        return String.format(Locale.ROOT, "%,d tokens were not read: %s", best.cached() - usage.cached(), why(best));
    }

    private String why(Usage best) {
        String difference = difference();
        if (!difference.isEmpty()) {
            return difference + " differs from the request before";
        }
        if (machine > 0) {
            return "more than " + profile.requestsPerMinute() + " requests of the key in a minute, so machine "
                    + (machine + 1) + " took it";
        }
        if (idle > profile.idle().toMillis()) {
            return "the request before was " + Duration.ofMillis(idle) + " earlier, and the cache lives "
                    + profile.idle();
        }
        if (best.cached() < profile.minimumTokens()) {
            return "the request before was shorter than " + profile.minimumTokens() + " tokens";
        }
        return "the request before went to another machine";
    }

    private String difference() {
        CachedRequest last = before;
        if (last == null) {
            return "";
        }
        Map<String, String> then = last.head();
        TreeSet<String> names = new TreeSet<>(then.keySet());
        names.addAll(request.head().keySet());
        for (String name : names) {
            if (!Objects.equals(then.get(name), request.head().get(name))) {
                return name;
            }
        }
        int item = firstDifferentItem(last);
        return item < 0 ? "" : "item " + item;
    }

    private int firstDifferentItem(CachedRequest last) {
        int items = Math.min(last.size(), request.size());
        for (int i = Math.min(items, request.sameItems(last)); i < items; i++) {
            if (!Arrays.equals(last.item(i), request.item(i))) {
                return i;
            }
        }
        return last.size() > items ? items : -1;
    }
}
