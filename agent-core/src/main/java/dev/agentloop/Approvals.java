package dev.agentloop;

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
record Approvals(
        ApprovalPolicy policy,
        @Nullable Approver approver,
        @Nullable Duration expireAfter,
        Clock clock) {}
