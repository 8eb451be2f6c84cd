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

/**
 * The response that was under way when the process of a turn died, or could not write any more. The server has counted it, and
 * nobody has heard how many tokens it had: it is ended in the log with an estimate, so that no budget leaks.
 */
record LostResponse(Log log) {
    private static final String CAUSE = "the process ended before the response did";

    /**
     * Ends it, where there was one; it belongs to the turn that the log has open, so that turn's end is to follow.
     *
     * @param asked whether a request that left nothing in the log may have been sent
     * @return what it is counted with; none where there was none
     */
    Usage end(boolean asked) {
        Fold fold = log.fold();
        if (!fold.responding() && !(asked && fold.unanswered())) {
            return Usage.NONE;
        }
        // Of a fork it is the origin that has paid.
        Usage lost = fold.turn().owner().isEmpty() ? Usage.NONE : estimate(fold);
        log.add(Entry.responseBroken(CAUSE, lost));
        return lost;
    }

    private Usage estimate(Fold fold) {
        Prompt sent = fold.lastSent();
        long all = fold.prompt().length();
        long input = fold.responding() && sent != null ? sent.length() : all;
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
