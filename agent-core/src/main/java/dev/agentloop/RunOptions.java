package dev.agentloop;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What differs from run to run. Immutable and thread-safe; the {@code with} methods give changed copies.
 *
 * @param listener is told what the run does
 * @param limits the limits of this run, or null for those of the loop
 * @param context facts for tools and log lines, such as tenant and user; never sent to the model
 */
public record RunOptions(AgentListener listener, @Nullable Limits limits, Map<String, String> context) {
    /** No listener, the loop's limits, no context. */
    public static final RunOptions DEFAULT = new RunOptions(AgentListener.NONE, null, Map.of());

    public RunOptions {
        context = Map.copyOf(context);
    }

    /** Options with this listener and nothing else. */
    public static RunOptions listeningWith(AgentListener listener) {
        return DEFAULT.withListener(listener);
    }

    /** These options with another listener. */
    public RunOptions withListener(AgentListener other) {
        return new RunOptions(other, limits, context);
    }

    /** These options with limits of their own. */
    public RunOptions withLimits(Limits other) {
        return new RunOptions(listener, other, context);
    }

    /** These options with other facts. */
    public RunOptions withContext(Map<String, String> other) {
        return new RunOptions(listener, limits, other);
    }
}
