package dev.agentloop;

import java.util.Collection;
import java.util.List;

/** Refuses cache breakpoints that the API would refuse or not write, before anything is appended. */
final class BreakpointLimit {
    private BreakpointLimit() {}

    /**
     * Checks items that the host is about to append.
     *
     * @throws IllegalArgumentException if the model takes no breakpoints, or too many would be new in the next request
     */
    static void check(RunScope run, List<? extends Item> items) {
        int added = count(items);
        if (added == 0) {
            return;
        }
        PromptSettings settings = run.settings();
        int most = settings.mostBreakpoints();
        if (most == 0) {
            throw new IllegalArgumentException(
                    "the model " + settings.model() + " takes no cache breakpoints, and there "
                            + (added == 1 ? "is 1" : "are " + added) + "; append the items without them, or say"
                            + " cacheBreakpoints(true) if it does");
        }
        int before = run.fold().hasPrompt()
                ? run.fold().breakpoints()
                : count(new ContextChanges(run).initial().values());
        if (before + added > most) {
            throw new IllegalArgumentException("the next request would have " + (before + added)
                    + " new cache breakpoints, " + before + " of them from before, but the API writes at most " + most
                    + (settings.explicitCache() ? "" : " besides its own") + "; mark fewer items");
        }
    }

    private static int count(Collection<? extends Item> items) {
        return items.stream().mapToInt(CacheBreakpoint::count).sum();
    }
}
