package dev.agentloop;

import java.time.Clock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an agent was built of, shared by its runs on all stores.
 *
 * @param prefixCache accounts for the provider's cache, one for each run
 * @param compactAt the part of the window from which on a prompt is shortened
 */
record AgentParts(
        Model model,
        @Nullable String instructions,
        Setup.@Nullable AnswerFormat answerFormat,
        Supplier<Toolbox> tools,
        WorkspaceContext context,
        Compactor compactor,
        double compactAt,
        Supplier<PrefixCache> prefixCache,
        Limits limits,
        RetryPolicy retry,
        Approvals approvals,
        ToolFailure toolFailure,
        Clock clock,
        Workers workers,
        Runs runs) {}
