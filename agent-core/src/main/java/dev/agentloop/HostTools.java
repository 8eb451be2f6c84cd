package dev.agentloop;

import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host's tools and its policy say of calls, on the loop's thread: where one throws or answers null, the careful answer
 * takes its place.
 */
final class HostTools {
    private static final Logger LOG = LoggerFactory.getLogger(HostTools.class);
    private static final int OUTPUT_TOKENS = 10_000;

    private final RunScope run;

    HostTools(RunScope run) {
        this.run = run;
    }

    private <T> T ask(String name, String question, Callable<T> code, T careful) {
        T answer = run.control().ask(name + "'s " + question, code, failure -> {
            LOG.warn("conversation {}: {} failed to say its {}; taken is {}", id(), name, question, careful, failure);
            return careful;
        });
        return answer;
    }

    private <T> T notNull(@Nullable T answer, String name, String question, T careful) {
        if (answer == null) {
            LOG.warn("conversation {}: {} said null as its {}; taken is {}", id(), name, question, careful);
            return careful;
        }
        return answer;
    }

    private String id() {
        return run.log().id();
    }

    private static String named(ToolCall call) {
        return "tool " + call.name();
    }

    /** How far a call reaches; everywhere, where the tool does not say. */
    Tool.Access access(ToolCall call, Tool tool) {
        Tool.Access most = Tool.Access.UNRESTRICTED;
        return notNull(ask(named(call), "access", () -> tool.access(call), most), named(call), "access", most);
    }

    /** What is done with a call that a crash cut off; it is reported as unknown, where the tool does not say. */
    Tool.AfterCrash afterCrash(ToolCall call, Tool tool) {
        Tool.AfterCrash report = Tool.AfterCrash.REPORT;
        return notNull(
                ask(named(call), "afterCrash", () -> tool.afterCrash(call), report), named(call), "afterCrash", report);
    }

    boolean honoursFencing(ToolCall call, Tool tool) {
        return ask(named(call), "honoursFencing", tool::honoursFencing, false);
    }

    /** How long a call may take; what the run's limits say, where the tool says nothing or nothing that can be kept. */
    Duration timeout(Tool tool) {
        Duration otherwise = run.limits().toolTimeout();
        Duration own = ask("the tool", "timeout", tool::timeout, otherwise);
        if (own == null) {
            return otherwise;
        }
        if (own.isNegative() || own.isZero()) {
            LOG.warn("conversation {}: a tool's timeout is {}, which is none; taken is {}", id(), own, otherwise);
            return otherwise;
        }
        return own;
    }

    int outputTokens(Tool tool) {
        int tokens = ask("the tool", "outputTokens", tool::outputTokens, OUTPUT_TOKENS);
        if (tokens < 1) {
            LOG.warn(
                    "conversation {}: a tool's outputTokens are {}, which is none; taken are {}",
                    id(),
                    tokens,
                    OUTPUT_TOKENS);
            return OUTPUT_TOKENS;
        }
        return Math.min(tokens, Integer.MAX_VALUE / 4);
    }

    /** Whether the newest call of a tool stays word for word in a compaction; it does, where the tool does not say. */
    boolean keptInCompaction(Tool tool) {
        return ask("the tool", "keptInCompaction", tool::keptInCompaction, true);
    }

    /** What the host's policy decides; it refuses, where the policy does not say. */
    ApprovalPolicy.Decision decide(ToolCall call, Tool.Access access) {
        ApprovalPolicy.Decision decision = run.control()
                .ask("the approval policy", () -> run.config().approval().decide(call, access), failure -> {
                    LOG.warn(
                            "conversation {}: the approval policy failed at a call of {}, which is refused",
                            id(),
                            call.name(),
                            failure);
                    return ApprovalPolicy.Decision.deny("the approval policy failed: " + failure);
                });
        if (decision == null) {
            LOG.warn(
                    "conversation {}: the approval policy decided null about a call of {}, which is refused",
                    id(),
                    call.name());
            return ApprovalPolicy.Decision.deny("the approval policy gave no decision");
        }
        return decision;
    }
}
