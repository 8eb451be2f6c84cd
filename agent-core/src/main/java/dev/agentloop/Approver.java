package dev.agentloop;

import java.util.Objects;

/**
 * Answers the questions of an {@link ApprovalPolicy} while the run goes on.
 *
 * <p>Called on a thread of the loop's that may block for as long as a person thinks, one question of a run at a time. An
 * interrupt means that the question is moot. What it throws, and null, is a refusal.
 */
@FunctionalInterface
public interface Approver {

    /**
     * Decides about one call.
     *
     * @param question the call, its exact arguments, and why approval is needed
     */
    Answer decide(Outcome.Pending question) throws InterruptedException;

    /**
     * A decision.
     *
     * @param approved whether the call runs
     * @param reason told to the model where it does not; may be empty
     * @param rule what else runs without a question for the rest of the conversation; empty for nothing
     */
    record Answer(boolean approved, String reason, String rule) {
        public Answer {
            Objects.requireNonNull(reason, "an answer without a reason has an empty one, not null");
            Objects.requireNonNull(rule, "an answer without a rule has an empty one, not null");
            if (!approved && !rule.isEmpty()) {
                throw new IllegalArgumentException("a refusal cannot allow others: it has the rule \"" + rule + "\"");
            }
        }

        /** The call runs. */
        public static Answer approve() {
            return new Answer(true, "", "");
        }

        /**
         * The call runs, and so does, for the rest of the conversation and without a question, what this rule allows. A rule that
         * does not allow the call itself is dropped with a warning.
         *
         * @param rule {@link Outcome.Pending#rule}, or another one that the tool understands
         * @throws IllegalArgumentException if it is blank
         */
        public static Answer always(String rule) {
            if (rule.isBlank()) {
                throw new IllegalArgumentException("there is no rule for this call: it can only be approved by itself");
            }
            return new Answer(true, "", rule);
        }

        /** The call does not run. */
        public static Answer deny(String reason) {
            return new Answer(false, reason, "");
        }
    }

    /**
     * What was allowed for the rest of a conversation.
     *
     * @param call the version of the entry of the call with whose approval it was given
     * @param tool the name of the tool whose calls it is about
     * @param text what it allows, as the tool reads it
     */
    record Rule(long call, String tool, String text) {}
}
