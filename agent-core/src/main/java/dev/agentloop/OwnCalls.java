package dev.agentloop;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a call for a loop of the host's own, on the host's thread: judges it, and afterwards makes of what came of it what the
 * model reads. Between the two the call's start must become durable.
 */
final class OwnCalls {
    private static final Logger LOG = LoggerFactory.getLogger(OwnCalls.class);

    private final RunScope run;
    private final HostTools tools;

    OwnCalls(RunScope run) {
        this.run = run;
        this.tools = new HostTools(run);
    }

    /** A call, its tool, and what the model reads instead of an output where it is not to run; null where it is. */
    record Judged(
            OpenCall call, @Nullable Tool tool, @Nullable ToolOutput refused) {}

    /**
     * Judges a call of the conversation.
     *
     * @throws IllegalStateException if it waits for no output
     */
    Judged judge(String callId) {
        OpenCall call = run.fold().open().get(callId);
        if (call == null || call.output() != null) {
            throw new IllegalStateException("no call " + callId + " of conversation "
                    + run.log().id() + " waits for an output; those that do are "
                    + run.fold().open().keySet());
        }
        Tool tool = run.toolbox().find(call.item().name()).orElse(null);
        if (tool == null) {
            return new Judged(
                    call,
                    null,
                    ToolOutput.error("unsupported call: " + call.item().name()));
        }
        return new Judged(call, tool, call.started() ? afterCrash(call, tool) : refusal(call, tool));
    }

    private @Nullable ToolOutput afterCrash(OpenCall call, Tool tool) {
        return tools.afterCrash(call.call(), tool) == Tool.AfterCrash.RUN_AGAIN ? null : ToolCalls.unknown();
    }

    private @Nullable ToolOutput refusal(OpenCall call, Tool tool) {
        ApprovalPolicy.Decision decision = tools.decide(call.call(), tools.access(call.call(), tool));
        return switch (decision.verdict()) {
            case ALLOW -> null;
            case DENY -> ToolOutput.error("refused: " + decision.reason());
            case ASK -> tools.allowedByRules(call.call(), tool) ? null : asked(call, tool, decision.reason());
        };
    }

    private @Nullable ToolOutput asked(OpenCall call, Tool tool, String why) {
        Approver approver = run.config().approver();
        if (approver == null) {
            return ToolOutput.error("refused: this call needs approval, and nobody is there to give it: " + why);
        }
        Item.Call item = call.item();
        String place = tools.place(call.call(), tool);
        String rule = tools.rule(call.call(), tool);
        Outcome.Pending question = new Outcome.Pending(
                item.callId(), call.version(), item.name(), item.arguments(), why, null, place, rule);
        Approver.Answer answer;
        try {
            answer = approver.decide(question);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            answer = Approver.Answer.deny("the question was withdrawn");
        } catch (Throwable e) {
            LOG.warn(
                    "conversation {}: the approver failed at call {}",
                    run.log().id(),
                    call.item().callId(),
                    e);
            answer = Approver.Answer.deny("the approver failed: " + e);
        }
        if (answer == null || !answer.approved()) {
            return ToolCalls.refused(answer == null ? "" : answer.reason());
        }
        run.journal().add(Draft.approvalDecided(call, tools.withoutForeignRule(call.call(), answer)));
        return tools.moved(call, tool, place);
    }

    /** The output as the model reads it; the whole text of a long one goes into the journal. */
    ToolOutput cut(OpenCall call, Tool tool, ToolOutput output) {
        int tokens = tools.outputTokens(call.call(), tool);
        if (!OutputCut.needed(output, tokens)) {
            return output;
        }
        run.journal().add(Draft.outputFull(call, output.text()));
        return OutputCut.cut(output, tokens, call.item().callId());
    }
}
