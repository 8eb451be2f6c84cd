package dev.agentloop;

import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Which tools may be called in a turn, as the host has said when it began the run. */
final class AllowedTools {
    private AllowedTools() {}

    /**
     * Refuses names that the conversation has no tool of.
     *
     * @throws IllegalArgumentException if there are some; nothing was appended then
     */
    static void check(RunScope run) {
        Set<String> allowed = run.options().allowedTools();
        if (allowed == null) {
            return;
        }
        Set<String> known = new TreeSet<>(run.toolbox().names());
        if (run.fold().hasPrompt()) {
            known.addAll(
                    AppendedSettings.declarations(EpochStart.pinned(run.fold()).inner("tools"))
                            .keySet());
            known.addAll(run.fold().appended().tools().keySet());
        }
        Set<String> unknown = new TreeSet<>(allowed);
        unknown.removeAll(known);
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException("the run may call only " + new TreeSet<>(allowed) + ", but there is no "
                    + unknown + "; the tools of conversation " + run.log().id() + " are " + known);
        }
    }

    /** What the model is told of a call that is not allowed; null where it is. */
    static @Nullable ToolOutput refusal(ToolCall call, @Nullable Set<String> allowed) {
        if (allowed == null || allowed.contains(call.name())) {
            return null;
        }
        return ToolOutput.error("not run: " + call.name() + " may not be called now; "
                + (allowed.isEmpty() ? "no tool may" : "these may: " + String.join(", ", new TreeSet<>(allowed))));
    }
}
