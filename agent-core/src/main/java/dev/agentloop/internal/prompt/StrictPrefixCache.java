package dev.agentloop.internal.prompt;

import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Refuses prompts whose prefix is broken, by another account's report. */
public record StrictPrefixCache(PrefixCache account) implements PrefixCache {
    /** The reasons of epochs that come from other settings than before, which may be a mistake. */
    private static final Set<String> SETTINGS = Set.of(
            "model_changed",
            "tools_changed",
            "text_format_changed",
            "reasoning_effort_changed",
            "verbosity_changed",
            "service_tier_changed",
            "prompt_cache_key_changed",
            "settings_changed");

    @Override
    public void resume(Prompt lastSent, Usage usage, @Nullable Instant at) {
        account.resume(lastSent, usage, at);
    }

    @Override
    public Report check(Prompt next, @Nullable String epoch) {
        Report report = account.check(next, epoch);
        boolean refused = report.broken() != null && (epoch == null || SETTINGS.contains(epoch));
        return new Report(
                report.reusableBytes(),
                report.totalBytes(),
                report.reusableTokens(),
                report.lostTokens(),
                report.lostMoney(),
                report.broken(),
                refused);
    }

    @Override
    public Reuse settle(Usage usage) {
        return account.settle(usage);
    }
}
