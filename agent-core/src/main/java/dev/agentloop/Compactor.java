package dev.agentloop;

import java.util.List;
import java.util.Optional;

/**
 * The only code that may shorten a prompt.
 *
 * <p>What it returns becomes an entry of the log; the full log stays. Called on the loop's thread before each inference;
 * an implementation may take a {@link Model} and block. Interrupts cancel it.
 */
@FunctionalInterface
public interface Compactor {

    /** Never shortens anything. */
    Compactor NEVER = (prompt, reason, lastUsage) -> Optional.empty();

    /**
     * The items that are to stand in place of the prompt's, or empty to leave it as it is.
     *
     * @param reason why it is asked
     * @param lastUsage what the server reported for the prompt before this one grew; {@link Usage#NONE} where there is none
     * @throws ModelException if a model that it needed gave no answer; the run then ends as stopped, with nothing changed
     */
    Optional<List<Item>> compact(Prompt prompt, Reason reason, Usage lastUsage) throws InterruptedException;

    /** Why a compactor is asked. */
    enum Reason {
        /** An inference is about to be paid for. */
        BEFORE_INFERENCE,
        /** The server said that the prompt does not fit. */
        CONTEXT_LENGTH
    }
}
