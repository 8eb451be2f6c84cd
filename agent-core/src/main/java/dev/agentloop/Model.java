package dev.agentloop;

import java.time.Duration;
import java.util.OptionalLong;

/**
 * One inference: a prompt goes in, items and usage come out.
 *
 * <p>Implementations are used by many threads at once and keep nothing between two calls that would change a later one.
 */
public interface Model {

    /** The request settings of this model, with which a conversation begins; always the same value. */
    PromptSettings settings();

    /**
     * Sends the prompt and waits for the whole response.
     *
     * <p>Called on a thread of the loop's that may block. An interrupt means that nobody wants the response any more: the
     * connection is closed and {@link InterruptedException} thrown at once.
     *
     * <p>Where the interrupt is not heard, the run goes on without this call after two seconds, and the listener throws
     * {@link java.util.concurrent.CancellationException} at the next that it is told: let it pass.
     *
     * @param listener told on this thread, in order, what comes in while it comes in
     * @return the response, never null
     * @throws ModelException if there is no usable response; it says whether another try may help. Other exceptions and Errors
     *     go up to the host as they are
     */
    ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException;

    /**
     * How many tokens this prompt has, by the provider's own count; empty where the model cannot say.
     *
     * <p>May cost a round trip, and is not tried again. Asked for at most once a run, at its begin, when the log has no count
     * and the prompt may be about to fill the context.
     *
     * @throws ModelException if the provider did not answer; an estimate is used then
     */
    default OptionalLong countTokens(Prompt prompt) throws InterruptedException {
        return OptionalLong.empty();
    }

    /** Is told what a response brings; each method is called on the thread that called {@link Model#respond}. */
    interface Listener {
        /** Ignores everything. */
        Listener NONE = new Listener() {};

        /** An item is done. In the order of the response, each once, and before {@code respond} returns it. */
        default void onItem(Item item) {}

        /** A piece of text came in; a response that breaks later takes its pieces back. */
        default void onDelta(DeltaKind kind, String text) {}

        /** A try failed and another will be made; what was told since the last try is void; a call is never among it. */
        default void onRetry(int attempt, Duration wait, ModelException cause) {}
    }

    /** What a piece of a response's text belongs to: the answer, the reasoning, or the arguments of a call. */
    enum DeltaKind {
        /** The assistant's answer. */
        TEXT,
        /** A summary of the model's reasoning, or its text with open models. */
        REASONING,
        /** The arguments of a call, or the input of a custom tool. */
        ARGUMENTS
    }
}
