package dev.agentloop.internal.tool;

import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Approver;
import dev.agentloop.ToolFailure;
import dev.agentloop.internal.control.Meter;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What holds for the calls of a run.
 *
 * @param meter counts them, and has the limits
 * @param failure says what the model is told of a tool that threw
 * @param attributes what the host has given to its tools with the run
 */
public record CallRules(Approvals approvals, Meter meter, ToolFailure failure, Map<String, String> attributes) {

    /**
     * Who lets calls run.
     *
     * @param approver who is asked; null where a question ends the run
     * @param expireAfter how long a question that ended a run waits; null for ever
     * @param clock by which it expires
     */
    public record Approvals(
            ApprovalPolicy policy,
            @Nullable Approver approver,
            @Nullable Duration expireAfter,
            Clock clock) {}
}
