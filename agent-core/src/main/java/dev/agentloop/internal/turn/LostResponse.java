package dev.agentloop.internal.turn;

import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.spi.LogEntry;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The response that was under way when the process of a turn died, or could not write any more. The server has counted it, and
 * nobody has heard how many tokens it had: it is ended in the log with an estimate, so that no budget leaks.
 */
record LostResponse(Log log) {
    static final String CAUSE = "the process ended before the response did";

    /**
     * What it is counted with, by the log before the next turn begins.
     *
     * @param asked whether a request that left nothing in the log may have been sent
     * @return null where there was none
     */
    @Nullable
    Usage estimate(boolean asked) {
        Fold fold = log.fold();
        if (!fold.response().underWay() && !(asked && unanswered(fold))) {
            return null;
        }
        // Of a fork it is the origin that has paid.
        return fold.turn().owner().isEmpty() ? Usage.NONE : estimate(fold);
    }

    // By the log the model was to be asked next: neither did a call await its output, nor was a compactor at work.
    private static boolean unanswered(Fold fold) {
        return fold.turn().underWay() != 0
                && fold.turn().asking()
                && fold.hasPrompt()
                && fold.open().isEmpty()
                && !fold.compactions().underWay();
    }

    private Usage estimate(Fold fold) {
        Prompt sent = fold.lastSent();
        long all = fold.prompt().length();
        long input = fold.response().underWay() && sent != null ? sent.length() : all;
        return Usage.estimate(input, Math.max(all - input, partial(fold.turn().partial())));
    }

    /** How long the pieces of its answer are that are in the log from that version on. */
    private long partial(long from) {
        if (from == 0) {
            return 0;
        }
        try (Stream<LogEntry> entries = log.store().stream(log.id(), from - 1)) {
            return entries.filter(entry -> entry.kind().equals(Entry.PARTIAL) && entry.payload() != null)
                    .mapToLong(entry ->
                            JsonFields.of(entry.content()).textOrEmpty("text").getBytes(StandardCharsets.UTF_8).length)
                    .sum();
        }
    }
}
