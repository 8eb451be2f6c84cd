package dev.agentloop.cli.events;

import dev.agentloop.Outcome;

/** How a run ended, in a sentence for whoever sits at the terminal; what to do next is for the command to say. */
public final class EndingText {
    /** What can be done where the context is full. */
    public static final String FULL = "The context is full: begin a new conversation, or go on with a larger model:";

    private EndingText() {}

    public static String of(Outcome outcome) {
        if (outcome instanceof Outcome.AwaitingApproval awaiting) {
            int calls = awaiting.pending().size();
            return calls + (calls == 1 ? " tool call awaits approval" : " tool calls await approval");
        }
        if (outcome instanceof Outcome.Cancelled) {
            return "cancelled";
        }
        String text = outcome.describe();
        int advice = outcome instanceof Outcome.LimitReached ? text.indexOf("; run the conversation") : -1;
        return advice < 0 ? text : text.substring(0, advice);
    }

    /** Whether the prompt has become too long for the model, so that it would end like this again. */
    public static boolean isFull(Outcome outcome) {
        return outcome instanceof Outcome.Stopped stopped
                && (stopped.reason() == Outcome.Reason.CONTEXT_LENGTH
                        || stopped.reason() == Outcome.Reason.COMPACTION_FAILED);
    }
}
