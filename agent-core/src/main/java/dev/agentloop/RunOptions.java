package dev.agentloop;

import java.util.Map;
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
 */
public record RunOptions(
        AgentListener listener,
        @Nullable Limits limits,
        Map<String, String> context,
        @Nullable Set<String> allowedTools,
        WhenBusy whenBusy) {
    /** No listener, the loop's limits, no context, all tools. */
    public static final RunOptions DEFAULT = new RunOptions(AgentListener.NONE, null, Map.of(), null, WhenBusy.REJECT);

    /** What is done where the conversation is being run already, here or in another process. */
    public enum WhenBusy {
        /** The run is refused with {@link Conversation.BusyException}. */
        REJECT,
        /** The run waits until the other one is over, or its process is dead; runs of one loop in the order of their coming. */
        QUEUE,
        /** The input goes to the run that is under way, as by {@link Conversation#steer}: {@link Outcome.HandedOver}. */
        STEER
    }

    public RunOptions {
        context = Map.copyOf(context);
        allowedTools = allowedTools == null ? null : Set.copyOf(allowedTools);
    }

    /** Options with this listener and nothing else. */
    public static RunOptions listeningWith(AgentListener listener) {
        return DEFAULT.withListener(listener);
    }

    /** These options with another listener. */
    public RunOptions withListener(AgentListener other) {
        return new RunOptions(other, limits, context, allowedTools, whenBusy);
    }

    /** These options with limits of their own. */
    public RunOptions withLimits(Limits other) {
        return new RunOptions(listener, other, context, allowedTools, whenBusy);
    }

    /** These options with other facts. */
    public RunOptions withContext(Map<String, String> other) {
        return new RunOptions(listener, limits, other, allowedTools, whenBusy);
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
        return new RunOptions(listener, limits, context, names, whenBusy);
    }

    /** These options with another answer to a busy conversation. */
    public RunOptions withWhenBusy(WhenBusy other) {
        return new RunOptions(listener, limits, context, allowedTools, other);
    }
}
