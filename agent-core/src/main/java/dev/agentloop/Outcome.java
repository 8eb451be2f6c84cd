package dev.agentloop;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a run ended. Every ending is a value; each one names the conversation, whose next run goes on from there.
 *
 * <p>Immutable and thread-safe.
 */
public sealed interface Outcome {

    /** What all endings have. */
    Summary summary();

    /** What the run used. */
    default Usage usage() {
        return summary().usage();
    }

    /** The id of the conversation, with which {@code AgentLoop.resume} goes on. */
    default String conversation() {
        return summary().conversation();
    }

    /**
     * The final answer.
     *
     * @throws IllegalStateException if the run did not finish; the message says how it ended and what to do
     */
    default String text() {
        if (this instanceof Finished finished) {
            return finished.answer();
        }
        throw new IllegalStateException("there is no final answer, since the run did not finish: " + describe()
                + "; partialText() has what the model had said until then");
    }

    /** What the model had said in its last messages; empty where it had said nothing. */
    default String partialText() {
        return this instanceof Finished finished ? finished.answer() : summary().partialText();
    }

    /** How the run ended and what can be done, in a sentence for a person. */
    String describe();

    /**
     * What all endings have.
     *
     * @param conversation the id of the conversation
     * @param version the version of its log at the end of the run
     * @param usage what the run used
     * @param total what the conversation has used in all its runs, those before a fork included
     * @param steps how many inferences the run made
     * @param partialText what the model had said in its last response
     */
    record Summary(String conversation, long version, Usage usage, Usage total, int steps, String partialText) {}

    /** The model gave its final answer. */
    record Finished(String answer, Summary summary) implements Outcome {
        @Override
        public String describe() {
            return "finished after " + summary.steps() + (summary.steps() == 1 ? " step" : " steps");
        }
    }

    /**
     * A limit was reached before the next paid call.
     *
     * @param used how much was used, in words
     */
    record LimitReached(Limits.Kind limit, String used, Summary summary) implements Outcome {
        @Override
        public String describe() {
            return "the limit of " + limit.name().toLowerCase(Locale.ROOT).replace('_', ' ') + " was reached (" + used
                    + "); run the conversation again with other limits to go on";
        }
    }

    /** The run was cancelled; what was open is answered as interrupted. */
    record Cancelled(Summary summary) implements Outcome {
        @Override
        public String describe() {
            return "cancelled; run the conversation again to go on";
        }
    }

    /** Calls wait for a decision, which may come hours later and on another machine. */
    record AwaitingApproval(List<Pending> pending, Summary summary) implements Outcome {
        public AwaitingApproval {
            pending = List.copyOf(pending);
        }

        @Override
        public String describe() {
            return pending.size() + (pending.size() == 1 ? " tool call awaits" : " tool calls await")
                    + " approval; decide with Conversation.approve or deny, then run the"
                    + " conversation again without input";
        }
    }

    /** The conversation was busy, and the input was left for the run that is under way, or the next one. */
    record HandedOver(Summary summary) implements Outcome {
        @Override
        public String describe() {
            return "handed over to the run that is under way; its outcome has the answer";
        }
    }

    /** The run stopped short of an answer, for a reason that another run as it is would meet again. */
    record Stopped(Reason reason, String detail, Summary summary) implements Outcome {
        @Override
        public String describe() {
            return "stopped: " + detail;
        }
    }

    /** Why a run stopped. */
    enum Reason {
        /** The response reached its bound of output tokens. */
        MAX_OUTPUT_TOKENS,
        /** The provider's content filter cut the response. */
        CONTENT_FILTER,
        /** The response is incomplete for another reason, which the detail names. */
        INCOMPLETE,
        /** The model refused. */
        REFUSAL,
        /** A policy of the provider forbids the prompt or the answer. */
        POLICY,
        /** The prompt does not fit the context window, and was not made shorter. */
        CONTEXT_LENGTH,
        /** The prompt does not begin with the one before, and the prefix cache is strict; nothing was sent. */
        PREFIX_BROKEN,
        /** The compactor failed; nothing was changed. */
        COMPACTION_FAILED,
        /** The model answered with nothing new, three times. */
        EMPTY_ANSWER,
        /**
         * The model has called tools of the API's own (a local shell, a computer, a patch, approval of a remote MCP server)
         * that only the host can answer: append the outputs as items, then run the conversation again.
         */
        UNANSWERED
    }

    /**
     * A call that waits for a decision.
     *
     * @param callId the call's id on the wire, unique among the calls that await a decision
     * @param call the version of the call's entry in the log: its name for good, which no other call has
     * @param tool the tool's name
     * @param arguments the exact arguments that a decision is bound to
     * @param question why approval is needed
     * @param expires when it counts as refused if nobody has decided by then; null if never
     * @param place where the call takes effect, as its tool says: an approval holds for it only; empty where there is no choice
     * @param rule what could be allowed with it for the rest of the conversation, as the tool proposes; empty for nothing
     */
    record Pending(
            String callId,
            long call,
            String tool,
            String arguments,
            String question,
            @Nullable Instant expires,
            String place,
            String rule) {}
}
