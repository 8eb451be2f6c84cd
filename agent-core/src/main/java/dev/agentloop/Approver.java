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
     */
    record Answer(boolean approved, String reason) {
        public Answer {
            Objects.requireNonNull(reason, "an answer without a reason has an empty one, not null");
        }

        /** The call runs. */
        public static Answer approve() {
            return new Answer(true, "");
        }

        /** The call does not run. */
        public static Answer deny(String reason) {
            return new Answer(false, reason);
        }
    }
}
