package dev.agentloop;

import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What differs from run to run. Immutable and thread-safe; the {@code with} methods give changed copies.
 *
 * @param listener is told what the run does
 * @param limits the limits of this run, or null for those of the loop
 * @param context facts for tools and log lines, such as tenant and user; never sent to the model
 * @param allowedTools the names of the tools that the model may call in this run, or null for all
 * @param whenBusy what is done where the conversation is being run already, here or in another process
 * @param delivery on which thread the listener is told
 */
public record RunOptions(
        AgentListener listener,
        @Nullable Limits limits,
        Map<String, String> context,
        @Nullable Set<String> allowedTools,
        WhenBusy whenBusy,
        Delivery delivery) {
    /** No listener, the loop's limits, no context, all tools. */
    public static final RunOptions DEFAULT =
            new RunOptions(AgentListener.NONE, null, Map.of(), null, WhenBusy.REJECT, Delivery.BUFFERED);

    /**
     * What is done where the conversation is being run already: by whichever agent of this process on the same store
     * ({@link dev.agentloop.spi.ConversationStore#identity}), or in another process.
     */
    public enum WhenBusy {
        /** The run is refused with {@link BusyException}, and nothing is appended. */
        REJECT,
        /** The run waits until the other one is over, or its process is dead; runs of one process in the order of their coming. */
        QUEUE,
        /** The input goes to the run that is under way, as by {@link Conversation#steer}: {@link Outcome.HandedOver}. */
        STEER
    }

    /** On which thread a listener is told. */
    public enum Delivery {
        /**
         * On a thread of its own, through a buffer of 1,024 events and a million characters, so that a slow listener does not
         * hold up the run until that is full. Then deltas that stand next to each other become one, and then the run waits.
         * Nothing is dropped.
         */
        BUFFERED,
        /** On the thread that called run: at once, with its thread-locals, and the run waits for the listener. */
        DIRECT
    }

    public RunOptions {
        Objects.requireNonNull(listener, "the listener is null; AgentListener.NONE listens to nothing");
        context = Map.copyOf(context);
        allowedTools = allowedTools == null ? null : Set.copyOf(allowedTools);
    }

    /** Options with this listener and nothing else. */
    public static RunOptions listeningWith(AgentListener listener) {
        return DEFAULT.withListener(listener);
    }

    /** These options with another listener. */
    public RunOptions withListener(AgentListener other) {
        return new RunOptions(other, limits, context, allowedTools, whenBusy, delivery);
    }

    /** These options with limits of their own. */
    public RunOptions withLimits(Limits other) {
        return new RunOptions(listener, other, context, allowedTools, whenBusy, delivery);
    }

    /** These options with other facts. */
    public RunOptions withContext(Map<String, String> other) {
        return new RunOptions(listener, limits, other, allowedTools, whenBusy, delivery);
    }

    /**
     * These options with only some of the tools: {@code tool_choice} of type {@code allowed_tools}, behind the items, so that
     * the declared tools and with them the cached prefix stay as they are.
     *
     * <p>It is kept in the log and ends with the run. The model is told which tools it may call; a call of another one is not
     * run and answered with an error that it reads, and so is a call that an earlier run left open and did not start.
     *
     * @param names of tools of the conversation; a run with another name is refused before anything is appended. None for no
     *     tool at all
     */
    public RunOptions withAllowedTools(Set<String> names) {
        return new RunOptions(listener, limits, context, names, whenBusy, delivery);
    }

    /** These options with another answer to a busy conversation. */
    public RunOptions withWhenBusy(WhenBusy other) {
        return new RunOptions(listener, limits, context, allowedTools, other, delivery);
    }

    /** These options with another way to tell the listener. */
    public RunOptions withDelivery(Delivery other) {
        return new RunOptions(listener, limits, context, allowedTools, whenBusy, other);
    }
}
