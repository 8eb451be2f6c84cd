package dev.agentloop.examples.cli;

import dev.agentloop.PrefixCache;
import org.jspecify.annotations.Nullable;

/**
 * Says when the provider's cache was not read as far as it could be. Of a server that has never reported a cached token, as
 * many that people run themselves, it is said once. Used by the thread that runs.
 */
final class CacheLine {
    private boolean reported;
    private boolean told;

    /** What is to be said, or null. */
    @Nullable
    String of(PrefixCache.Verdict verdict) {
        reported |= verdict.usage().cached() > 0;
        if (verdict.miss() == PrefixCache.Miss.NONE || told && !reported) {
            return null;
        }
        told = true;
        return TerminalText.line(verdict.describe())
                + (reported ? "" : "; this is said once for a server that reports no cached tokens");
    }
}
