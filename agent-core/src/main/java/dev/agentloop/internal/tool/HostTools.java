package dev.agentloop.internal.tool;

import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Approver;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.log.Log;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a host's tools and its policy say of calls, on the loop's thread: where one throws or answers null, the careful answer
 * takes its place.
 */
public record HostTools(Log log, RunControl control, Events events, Toolbox toolbox, ApprovalPolicy policy) {
    private static final Logger LOG = LoggerFactory.getLogger(HostTools.class);
    private static final int OUTPUT_TOKENS = 10_000;

    /** The tool of that name; null where there is none. */
    @Nullable
    Tool find(String name) {
        return toolbox.find(name).orElse(null);
    }

    /** The names of the tools whose newest call stays word for word in a compaction; it does, where a tool does not say. */
    public List<String> keptInCompaction() {
        return toolbox.names().stream()
                .filter(name -> toolbox.find(name)
                        .filter(tool -> ask("a tool", "keptInCompaction", tool::keptInCompaction, true))
                        .isPresent())
                .toList();
    }

    /** What is asked of whom; in words only where the answer takes long. */
    private record Question(String who, String about) {
        @Override
        public String toString() {
            return who + "'s " + about;
        }
    }

    private <T> T ask(String who, String question, Callable<T> code, T careful) {
        T answer = control.ask(new Question(who, question), code, failure -> careful(who, question, careful, failure));
        return answer != null ? answer : careful(who, question, careful, "null");
    }

    private <T> T careful(String who, String question, T careful, Object said) {
        String what = said instanceof Throwable ? "failed to say" : "said " + said + " as";
        LOG.warn(
                "conversation {}: {} {} its {}; taken is {}",
                log.id(),
                who,
                what,
                question,
                careful,
                said instanceof Throwable failure ? failure : null);
        return careful;
    }

    private static String named(ToolCall call) {
        return "tool " + call.name();
    }

    /** How far a call reaches; everywhere, where the tool does not say. */
    Tool.Access access(ToolCall call, Tool tool) {
        return ask(named(call), "access", () -> tool.access(call), Tool.Access.UNRESTRICTED);
    }

    /** What is done with a call that a crash cut off; it is reported as unknown, where the tool does not say. */
    Tool.AfterCrash afterCrash(ToolCall call, Tool tool) {
        return ask(named(call), "afterCrash", () -> tool.afterCrash(call), Tool.AfterCrash.REPORT);
    }

    boolean honoursFencing(ToolCall call, Tool tool) {
        return ask(named(call), "honoursFencing", tool::honoursFencing, false);
    }

    /** How long a call may take; what the run's limits say, where the tool says nothing, or nothing that can be kept. */
    Duration timeout(ToolCall call, Tool tool, Duration otherwise) {
        // Null is a tool's way to say nothing.
        Duration own = ask(named(call), "timeout", () -> Optional.ofNullable(tool.timeout()), Optional.of(otherwise))
                .orElse(otherwise);
        return own.isNegative() || own.isZero() ? careful(named(call), "timeout", otherwise, own) : own;
    }

    int outputTokens(ToolCall call, Tool tool) {
        int tokens = ask(named(call), "outputTokens", tool::outputTokens, OUTPUT_TOKENS);
        return tokens < 1
                ? careful(named(call), "outputTokens", OUTPUT_TOKENS, tokens)
                : Math.min(tokens, Integer.MAX_VALUE / 4);
    }

    /** Where a call takes effect; nowhere in particular, where the tool does not say. */
    String place(ToolCall call, Tool tool) {
        return ask(named(call), "place", () -> tool.place(call), "");
    }

    /**
     * What the model reads of an approved call that would take effect elsewhere now; null where it would not.
     *
     * @param approved the place that was asked about; empty for none in particular
     */
    @Nullable
    ToolOutput moved(Call call, Tool tool, String approved) {
        String now = approved.isEmpty() ? "" : place(call.call(), tool);
        return now.equals(approved)
                ? null
                : ToolOutput.error((call.started() ? "not run again" : "not run") + ": it was approved for " + approved
                        + ", and would take effect in " + (now.isEmpty() ? "a place that is not known" : now)
                        + " now. Call it again if it is still wanted");
    }

    /** The rule that would let a call run, and others like it; empty, where the tool names none. */
    String rule(ToolCall call, Tool tool) {
        return ask(named(call), "rule", () -> tool.rule(call), Optional.<String>empty())
                .orElse("");
    }

    /** Whether the rules of the conversation let a call run that would be asked about; they do not, where the tool does not say. */
    boolean allowedByRules(ToolCall call, Tool tool) {
        List<String> rules = log.fold().rules().of(call.name());
        return !rules.isEmpty() && allowedBy(call, tool, rules);
    }

    private boolean allowedBy(ToolCall call, Tool tool, List<String> rules) {
        return ask(named(call), "allowedBy", () -> tool.allowedBy(rules, call), false);
    }

    /** The same answer, less a rule that does not even allow the call it was given with: nobody would know what it means. */
    public Approver.Answer withoutForeignRule(ToolCall call, Approver.Answer answer) {
        if (answer.rule().isEmpty()) {
            return answer;
        }
        Tool tool = find(call.name());
        if (tool != null && allowedBy(call, tool, List.of(answer.rule()))) {
            return answer;
        }
        events.warn("the rule \"" + answer.rule() + "\" that was given with the approval of call " + call.callId()
                + " does not allow that call of " + call.name()
                + ", and is dropped; the call itself is approved");
        return Approver.Answer.approve();
    }

    /** What the host's policy decides; it refuses, where the policy does not say. */
    ApprovalPolicy.Decision decide(ToolCall call, Tool.Access access) {
        ApprovalPolicy.Decision decision =
                control.ask("the approval policy", () -> policy.decide(call, access), failure -> {
                    LOG.warn(
                            "conversation {}: the approval policy failed at a call of {}, which is refused",
                            log.id(),
                            call.name(),
                            failure);
                    return ApprovalPolicy.Decision.deny("the approval policy failed: " + failure);
                });
        if (decision == null) {
            LOG.warn(
                    "conversation {}: the approval policy decided null about a call of {}, which is refused",
                    log.id(),
                    call.name());
            return ApprovalPolicy.Decision.deny("the approval policy gave no decision");
        }
        return decision;
    }
}
