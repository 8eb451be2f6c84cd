package dev.agentloop.testkit.internal.talk;

import java.util.List;
import java.util.regex.Pattern;

/** What the library may refuse to a host, in these words, with nothing changed. */
final class Refusals {
    /** For what may be noted in the log before it is refused. */
    static final boolean MAY_LOG = true;

    private static final List<Pattern> WORDS = List.of(
            Pattern.compile("the calls .* have no output yet"),
            Pattern.compile("awaits approval of"),
            Pattern.compile("calls that only you can answer"),
            Pattern.compile("has nothing to send"),
            Pattern.compile("was never compacted|no compaction of conversation"),
            Pattern.compile("the prompt was not shortened, and nothing was changed"),
            Pattern.compile("no call .* waits for an output"),
            Pattern.compile("the run may call only .* but there is no"),
            Pattern.compile("is empty: append or run something first"),
            Pattern.compile("was decided already"),
            Pattern.compile("cache breakpoint"));

    private Refusals() {}

    static boolean of(Line line, Runnable act) {
        return of(line, false, act);
    }

    /**
     * Does something that may be refused.
     *
     * @param mayLog whether the log may be longer after a refusal
     * @return false if it was refused
     */
    static boolean of(Line line, boolean mayLog, Runnable act) {
        long before = line.handle().version();
        try {
            act.run();
            return true;
        } catch (IllegalStateException | IllegalArgumentException e) {
            String words = String.valueOf(e.getMessage());
            if (WORDS.stream().noneMatch(known -> known.matcher(words).find())) {
                throw e;
            }
            if (!mayLog && !line.learns() && line.handle().version() != before) {
                throw new AssertionError("it was refused, and the log has more entries: " + words, e);
            }
            return false;
        }
    }
}
