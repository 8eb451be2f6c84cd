package dev.agentloop;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes each call from the model's hand to its output: policy, approval, gate, start, end. All of it happens on the loop's
 * thread; only the tools and the approver work elsewhere.
 *
 * <p>The gate: calls start in the order in which they became ready. Calls that only read run side by side; any other runs
 * alone.
 */
final class ToolCalls {
    private static final Logger LOG = LoggerFactory.getLogger(ToolCalls.class);
    // Of the two seconds within which a run ends, the tools get these for their own tidying up.
    private static final Duration GRACE = Duration.ofMillis(1_500);

    private final RunScope run;
    private final Deque<RunningCall> ready = new ArrayDeque<>();
    private final Map<String, RunningCall> running = new LinkedHashMap<>();
    private final Set<String> approved = new HashSet<>();
    private final Questions questions;

    ToolCalls(RunScope run) {
        this.run = run;
        this.questions = new Questions(run, this::answered);
    }

    /** Whether no call is ready, running or being decided about by the approver. */
    boolean idle() {
        return ready.isEmpty() && running.isEmpty() && !questions.busy();
    }

    /** The calls that only a decision from outside this run can bring on. */
    List<Outcome.Pending> awaiting() {
        return questions.awaiting();
    }

    /** Takes in what a crash, a fork or an approval of another run left open. */
    void settle() {
        if (run.fold().open().isEmpty()) {
            return;
        }
        for (OpenCall open : List.copyOf(run.fold().open().values())) {
            if (open.output() == null) {
                settle(open);
            }
        }
        startReady();
        run.journal().commit();
    }

    private void settle(OpenCall open) {
        ToolCall call = open.call();
        Approver.Answer answer = open.answer();
        Tool tool = run.toolbox().find(call.name()).orElse(null);
        if (open.forked()) {
            answer(call, ToolOutput.error("not run here: this conversation was forked before the call had its output"));
        } else if (answer != null) {
            answered(call, answer);
        } else if (!open.started() || tool == null) {
            admit(call);
        } else {
            settleStarted(call, tool);
        }
    }

    private void settleStarted(ToolCall call, Tool tool) {
        Tool.Access access = access(call, tool);
        boolean repeatable = access == Tool.Access.READS || tool.honoursFencing() || !ownerMayLive();
        Tool.AfterCrash wanted = afterCrash(call, tool);
        Tool.AfterCrash policy = wanted == Tool.AfterCrash.RUN_AGAIN && !repeatable ? Tool.AfterCrash.REPORT : wanted;
        LOG.info(
                "conversation {}: call {} of {} was under way when its process ended: {}",
                run.log().id(),
                call.callId(),
                call.name(),
                policy);
        switch (policy) {
            case RUN_AGAIN -> ready.add(new RunningCall(run, call, tool, access));
            case ASK ->
                questions.ask(
                        call,
                        "This call was under way when its process ended, so its effect is unknown. Run it again?");
            case REPORT ->
                answer(
                        call,
                        ToolOutput.error(
                                "The result of this call is unknown: the process that ran it ended before it had an"
                                        + " output. It may have had its effect or not. Check before you repeat it."));
        }
    }

    // A process that shows no sign of life may only be paused, and its effect be still to come. Then only what can tell
    // that the call comes from an owner of old may be run again, and what has no effect.
    private boolean ownerMayLive() {
        TurnState turn = run.fold().turn();
        String before = OtherOwner.process(turn.takenFrom());
        return !before.isEmpty() && !before.equals(OtherOwner.process(turn.owner()));
    }

    private static Tool.AfterCrash afterCrash(ToolCall call, Tool tool) {
        try {
            return tool.afterCrash(call);
        } catch (RuntimeException e) {
            LOG.warn("tool {} failed to say what to do after a crash; its call is reported as unknown", call.name(), e);
            return Tool.AfterCrash.REPORT;
        }
    }

    /** Takes in a call that becomes durable with the journal's next commit. */
    void admit(ToolCall call) {
        Tool tool = run.toolbox().find(call.name()).orElse(null);
        if (tool == null) {
            answer(call, ToolOutput.error("unsupported call: " + call.name()));
            return;
        }
        ToolOutput refusal = AllowedTools.refusal(call, run.fold().turn().allowed());
        if (refusal != null) {
            answer(call, refusal);
            return;
        }
        if (!run.meter().mayCall()) {
            answer(
                    call,
                    ToolOutput.error("not run: the limit of " + run.limits().toolCalls()
                            + " tool calls of this run is reached"));
            return;
        }
        judge(call, tool, access(call, tool));
    }

    private void judge(ToolCall call, Tool tool, Tool.Access access) {
        ApprovalPolicy.Decision decision = decide(call, access);
        switch (decision.verdict()) {
            case ALLOW -> ready.add(new RunningCall(run, call, tool, access));
            case DENY -> answer(call, ToolOutput.error("refused: " + decision.reason()));
            case ASK -> questions.ask(call, decision.reason());
        }
    }

    private static Tool.Access access(ToolCall call, Tool tool) {
        try {
            return tool.access(call);
        } catch (RuntimeException e) {
            LOG.warn("tool {} failed to say how far a call reaches; it counts as unrestricted", call.name(), e);
            return Tool.Access.UNRESTRICTED;
        }
    }

    private ApprovalPolicy.Decision decide(ToolCall call, Tool.Access access) {
        try {
            return run.config().approval().decide(call, access);
        } catch (RuntimeException e) {
            LOG.warn("the approval policy failed at a call of {}, which is refused", call.name(), e);
            return ApprovalPolicy.Decision.deny("the approval policy failed: " + e);
        }
    }

    private void answered(ToolCall call, Approver.Answer answer) {
        Tool tool = run.toolbox().find(call.name()).orElse(null);
        if (!answer.approved()) {
            answer(
                    call,
                    ToolOutput.error(
                            answer.reason().isBlank()
                                    ? "refused by the user"
                                    : "refused by the user: " + answer.reason()));
        } else if (tool == null) {
            answer(call, ToolOutput.error("unsupported call: " + call.name()));
        } else {
            approved.add(call.callId());
            ready.add(new RunningCall(run, call, tool, access(call, tool)));
        }
        startReady();
    }

    /** Starts the calls that may start now, once the journal is committed. */
    void startReady() {
        while (!ready.isEmpty() && mayStart(ready.peek())) {
            RunningCall next = ready.remove();
            String callId = next.call().callId();
            // What a call reaches can have changed while it waited: an earlier one may have made a link.
            Tool.Access now = access(next.call(), next.tool());
            if (now != next.access() && !approved.contains(callId)) {
                judge(next.call(), next.tool(), now);
                continue;
            }
            running.put(callId, next);
            run.journal().add(Draft.toolStarted(callId));
            run.journal().then(() -> {
                run.log().checkOwned();
                run.events().tell(new AgentEvent.ToolStarted(next.call()));
                next.start(output -> ended(callId, output), () -> timedOut(next));
            });
        }
    }

    private boolean mayStart(RunningCall next) {
        return next.onlyReads() ? running.values().stream().allMatch(RunningCall::onlyReads) : running.isEmpty();
    }

    private void timedOut(RunningCall call) {
        if (running.get(call.call().callId()) == call) {
            call.interrupt();
            ended(
                    call.call().callId(),
                    ToolOutput.error("tool timed out after " + call.timeout().toMillis()
                            + " milliseconds; it may have had its effect or not"));
        }
    }

    private void ended(String callId, ToolOutput output) {
        RunningCall call = running.remove(callId);
        if (call != null) {
            call.forgetTimeout();
            answer(call.call(), output, call.tool().outputTokens(), call.time());
            startReady();
            run.journal().commit();
        }
    }

    private void answer(ToolCall call, ToolOutput output) {
        answer(call, output, Integer.MAX_VALUE / 4, Duration.ZERO);
    }

    private void answer(ToolCall call, ToolOutput output, int tokens, Duration time) {
        ToolOutput sent = output;
        if (OutputCut.needed(output, tokens)) {
            run.journal().add(Draft.outputFull(call.callId(), output.text()));
            sent = OutputCut.cut(output, tokens, call.callId());
        }
        ToolOutput noted = run.fold().calls().repeats().noted(call, sent);
        run.journal().add(Draft.item(noted.error() ? Draft.ITEM_OUTPUT_ERROR : Draft.ITEM_OUTPUT, noted.item(call)));
        run.journal().then(() -> run.events().tell(new AgentEvent.ToolEnded(call, noted, time)));
    }

    /** Waits until every call has its output, but for those that await a decision from outside. */
    void finish() throws InterruptedException {
        run.mailbox().await(this::idle);
    }

    /** Interrupts what runs and leaves the log alone: there is none that could be written to. */
    void abandon() {
        ready.clear();
        questions.stop();
        running.values().forEach(RunningCall::interrupt);
    }

    /** Ends everything: interrupts what runs, gives it a moment to tidy up, and answers what is left. */
    void stop(String reason) throws InterruptedException {
        abandon();
        long end = System.nanoTime() + GRACE.toNanos();
        run.mailbox().after(GRACE, () -> {});
        run.mailbox().await(() -> running.isEmpty() || System.nanoTime() - end >= 0);
        running.clear();
        for (OpenCall open : List.copyOf(run.fold().open().values())) {
            if (open.output() == null) {
                answer(
                        open.call(),
                        ToolOutput.error(reason
                                + (open.started()
                                        ? ", while this call was running"
                                        : ", before this call was started")));
            }
        }
        run.journal().commit();
    }
}
