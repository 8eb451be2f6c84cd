package dev.agentloop.internal.log;

/**
 * Where words can stand in a log, by the kinds of entries: the list that an erasure goes by. A kind that is not on it says
 * nothing of its own that anybody has said; a test fails where a kind of {@link Entry} is neither here nor known to say nothing.
 */
public enum Place {
    /** An item: its text, refusal, arguments, output, summary. */
    ITEM,
    /** A window: the items that it restates, and its state, which has those that the window lacks, questions and rules. */
    WINDOW,
    /** The whole text of an output that was cut. */
    WHOLE_OUTPUT,
    /** What a person saw of an answer before it was whole. */
    PARTIAL,
    /** What a person was asked about a call, and the hash of its arguments, which can be guessed. */
    QUESTION,
    /** What was decided about a call, and why. */
    DECISION,
    /** How a run, a response or a compaction ended, in words that may be a server's. */
    ENDING,
    /** No words of anybody's. */
    NOWHERE;

    /** Where the words of entries of a kind stand. */
    public static Place of(String kind) {
        if (kind.startsWith(Entry.ITEM)) {
            return ITEM;
        }
        if (kind.startsWith(Entry.OUTPUT_FULL)) {
            return WHOLE_OUTPUT;
        }
        return switch (kind) {
            case Entry.EPOCH_WINDOW -> WINDOW;
            case Entry.PARTIAL -> PARTIAL;
            case Entry.APPROVAL_ASKED -> QUESTION;
            case Entry.APPROVAL_DECIDED -> DECISION;
            case Entry.TURN_ENDED, Entry.RESPONSE_BROKEN, Entry.COMPACTION_FAILED -> ENDING;
            default -> NOWHERE;
        };
    }
}
