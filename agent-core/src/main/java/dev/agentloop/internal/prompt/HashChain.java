package dev.agentloop.internal.prompt;

import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/*
 * What it keeps. Prompts carry the chain of hashes and lengths, and a prompt shares its bytes with the one that grew from
 * it: holding on to the last one that was sent holds no bytes of its own while the prefix is whole. Only where the two
 * differ are bytes read, those of the log's own fold.
 */
/** Compares prompts by the hashes that they carry. */
public final class HashChain implements PrefixCache {
    private static final int ROUGHLY = 4;

    private final Rules rules;
    private @Nullable Prompt sent;
    private Usage usage = Usage.NONE;
    private long usageBytes;
    private @Nullable Instant answered;
    private @Nullable Duration pause;
    private @Nullable Break broken;
    private long whole;
    private long expected;

    public HashChain(Rules rules) {
        this.rules = rules;
    }

    @Override
    public void resume(Prompt lastSent, Usage lastUsage, @Nullable Instant at) {
        sent = lastSent;
        usage = lastUsage;
        usageBytes = lastSent.length();
        answered = at;
    }

    @Override
    public Report check(Prompt next, @Nullable String epoch) {
        Prompt last = sent;
        sent = next;
        pause = answered == null
                ? null
                : Duration.between(answered, rules.clock().instant());
        broken = null;
        if (last == null) {
            whole = 0;
            expected = 0;
            return report(0, next, null);
        }
        whole = rules.readable(tokens(last.length()));
        if (next.startsWith(last)) {
            expected = whole;
            return report(last.length(), next, null);
        }
        Break difference = new PrefixDifference(last, next).find(epoch);
        broken = difference;
        expected = rules.readable(tokens(difference.offset()));
        return report(difference.offset(), next, difference);
    }

    private Report report(long reusableBytes, Prompt next, @Nullable Break difference) {
        long lost = whole - expected;
        return new Report(reusableBytes, next.length(), expected, lost, rules.missCost(lost), difference, false);
    }

    // More tokens than bytes are not the prompt's own: a hosted tool's results, or the prompt once for each of its
    // calls.
    private boolean counted() {
        return usage.input() > 0 && usage.input() <= usageBytes && !usage.estimated();
    }

    // By the server's own count where there is one, since a token is three bytes in one language and five in another.
    private long tokens(long bytes) {
        return counted()
                ? Math.round((double) usage.input() * bytes / usageBytes)
                : bytes / TokenEstimate.BYTES_PER_TOKEN;
    }

    @Override
    public Reuse settle(Usage reported) {
        long missed = Math.max(0, whole - reported.cached());
        // Servers round in their own ways; and where tokens were only estimated, there may be half as many.
        long tolerance = counted() ? rules.stepTokens() : whole / 2 + rules.stepTokens();
        Miss miss = missed <= tolerance || reported.estimated() ? Miss.NONE : blame(reported.cached() + tolerance);
        Reuse verdict = new Reuse(expected, reported, miss == Miss.NONE ? 0 : missed, miss, broken);
        Prompt answeredPrompt = sent;
        usage = reported;
        usageBytes = answeredPrompt == null ? 0 : answeredPrompt.length();
        answered = rules.clock().instant();
        return verdict;
    }

    // What lies before a difference should have been read; where it is, in tokens, is known only roughly.
    private Miss blame(long read) {
        Break difference = broken;
        if (difference != null && read >= expected - expected / ROUGHLY) {
            return difference.reason().equals(PrefixDifference.COMPACTED) ? Miss.COMPACTION : Miss.CLIENT;
        }
        Duration idle = pause;
        return idle == null || idle.compareTo(rules.life()) > 0 ? Miss.IDLE : Miss.SERVER;
    }
}
