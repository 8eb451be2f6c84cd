package dev.agentloop.internal.tool;

import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Approver;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

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
