package dev.agentloop.internal.run;

import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import dev.agentloop.internal.HostFailure;
import java.time.Instant;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The host's account of the provider's cache, for one run. It decides about no answer, so a run does not end because it
 * fails: the built-in one takes its place, and the log says so. Belongs to the loop's thread.
 */
final class CacheAccount {
    private final Run run;
    private PrefixCache account;
    private @Nullable Prompt checked;

    CacheAccount(Run run) {
        this.run = run;
        this.account = run.control()
                .ask(
                        "the prefix cache's supplier",
                        () -> run.parts().prefixCache().get(),
                        this::replaced);
        if (account == null) {
            account = replaced(null);
        }
    }

    private PrefixCache replaced(@Nullable Throwable failure) {
        run.events()
                .warn("the prefix cache "
                        + (failure == null ? "answered null" : "failed: " + HostFailure.words(failure))
                        + "; the built-in one takes its place for this run");
        PrefixCache builtIn = PrefixCache.hashChain(
                PrefixCache.Rules.DEFAULT.withPrices(run.meter().limits().prices()));
        if (checked != null) {
            builtIn.check(checked, null);
        }
        return builtIn;
    }

    private <T> T ask(String what, Function<PrefixCache, T> question) {
        T answer = run.control().ask("the prefix cache's " + what, () -> question.apply(account), failure -> {
            account = replaced(failure);
            return question.apply(account);
        });
        if (answer == null) {
            account = replaced(null);
            answer = question.apply(account);
        }
        return answer;
    }

    /** What was sent and answered before this run. */
    void resume(Prompt before, Usage usage, @Nullable Instant answeredAt) {
        ask("resume", account -> {
            account.resume(before, usage, answeredAt);
            return true;
        });
    }

    PrefixCache.Report check(Prompt prompt, @Nullable String newEpoch) {
        PrefixCache.Report report = ask("check", account -> account.check(prompt, newEpoch));
        checked = prompt;
        return report;
    }

    PrefixCache.Reuse settle(Usage usage) {
        return ask("settle", account -> account.settle(usage));
    }
}
