package dev.agentloop.internal.tool;

import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Approver;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.Tool;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a call for a loop of the host's own, on the host's thread: judges it, and afterwards makes of what came of it what the
 * model reads. Between the two the call's start must become durable.
 */
public record OwnCalls(Log log, HostTools tools, @Nullable Approver approver) {
    private static final Logger LOG = LoggerFactory.getLogger(OwnCalls.class);

    /**
     * What a tool may know when a loop of the host's own runs it.
     *
     * @param runner the thread whose interrupt cancels it
     * @param fullOutputs gives the whole text of an output that was cut, by call id
     */
    public record Context(
            String conversation,
            Call call,
            String tenant,
            Thread runner,
            Function<String, Optional<String>> fullOutputs)
            implements ToolContext {
        @Override
        public String callId() {
            return call.item().callId();
        }

        @Override
        public String idempotencyKey() {
            return call.key(tenant, conversation);
        }

        @Override
        public boolean cancelled() {
            return runner.isInterrupted();
        }

        @Override
        public void progress(String text) {}

        @Override
        public Map<String, String> attributes() {
            return Map.of();
        }

        @Override
        public Optional<String> fullOutput(String otherCallId) {
            return fullOutputs.apply(otherCallId);
        }
    }

    /** A call, its tool, and what the model reads instead of an output where it is not to run; null where it is. */
    public record Judged(
            Call call, @Nullable Tool tool, @Nullable ToolOutput refused) {}

    /** Judges a call of the conversation; {@code IllegalStateException} if it waits for no output. */
    public Judged judge(String callId) {
        Call call = log.fold().open().get(callId);
        if (call == null || call.output() != null) {
            throw new IllegalStateException("no call " + callId + " of conversation "
                    + log.id() + " waits for an output; those that do are "
                    + log.fold().open().keySet());
        }
        Tool tool = tools.find(call.item().name());
        if (tool == null) {
            return new Judged(call, null, CallRunner.unsupported(call));
        }
        return new Judged(call, tool, call.started() ? afterCrash(call, tool) : refusal(call, tool));
    }

    private @Nullable ToolOutput afterCrash(Call call, Tool tool) {
        return tools.afterCrash(call.call(), tool) == Tool.AfterCrash.RUN_AGAIN ? null : CallRunner.unknown();
    }

    private @Nullable ToolOutput refusal(Call call, Tool tool) {
        ApprovalPolicy.Decision decision = tools.decide(call.call(), tools.access(call.call(), tool));
        return switch (decision.verdict()) {
            case ALLOW -> null;
            case DENY -> ToolOutput.error("refused: " + decision.reason());
            case ASK -> tools.allowedByRules(call.call(), tool) ? null : asked(call, tool, decision.reason());
        };
    }

    private @Nullable ToolOutput asked(Call call, Tool tool, String why) {
        Approver asked = approver;
        if (asked == null) {
            return ToolOutput.error("refused: this call needs approval, and nobody is there to give it: " + why);
        }
        Item.Call item = call.item();
        String place = tools.place(call.call(), tool);
        String rule = tools.rule(call.call(), tool);
        Outcome.Pending question = new Outcome.Pending(
                item.callId(), call.version(), item.name(), item.arguments(), why, null, place, rule);
        Approver.Answer answer;
        try {
            answer = asked.decide(question);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer = Approver.Answer.deny("the question was withdrawn");
        } catch (Throwable e) {
            LOG.warn(
                    "conversation {}: the approver failed at call {}",
                    log.id(),
                    call.item().callId(),
                    e);
            answer = Approver.Answer.deny("the approver failed: " + e);
        }
        if (answer == null || !answer.approved()) {
            return CallRunner.refused(answer == null ? "" : answer.reason());
        }
        log.add(Entry.approvalDecided(call, tools.withoutForeignRule(call.call(), answer)));
        return tools.moved(call, tool, place);
    }

    /** The output as the model reads it; the whole text of a long one goes into the log. */
    public ToolOutput cut(Call call, Tool tool, ToolOutput output) {
        return CallRunner.cut(log, call, output, tools.outputTokens(call.call(), tool));
    }
}
