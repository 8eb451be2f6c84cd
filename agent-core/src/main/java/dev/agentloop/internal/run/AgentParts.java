package dev.agentloop.internal.run;

import dev.agentloop.Compactor;
import dev.agentloop.Limits;
import dev.agentloop.Model;
import dev.agentloop.PrefixCache;
import dev.agentloop.RetryPolicy;
import dev.agentloop.ToolFailure;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.control.Runs;
import dev.agentloop.internal.control.Workers;
import dev.agentloop.internal.setup.Setup;
import dev.agentloop.internal.setup.WorkspaceContext;
import dev.agentloop.internal.tool.Approvals;
import java.time.Clock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an agent was built of, shared by its runs on all stores.
 *
 * @param prefixCache accounts for the provider's cache, one for each run
 * @param compactAt the part of the window from which on a prompt is shortened
 */
public record AgentParts(
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
