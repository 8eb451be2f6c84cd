package dev.agentloop;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes each call from the model's hand to its output: policy, approval, gate, start, end. All of it happens on the loop's
 * thread; only the tools and the approver work elsewhere.
 *
 * <p>The gate: calls start in the order in which they became ready. Calls that only read run side by side; any other runs
 * alone, and that includes one whose time was up and which goes on all the same.
 *
 * <p>While a call is asked about, those after it that change things are held, neither started nor answered: what a person
 * reads must stay as it is. After the answer they are judged again, in the order of their calls.
 */
final class ToolCalls {
    private static final Logger LOG = LoggerFactory.getLogger(ToolCalls.class);
    // Of the two seconds within which a run ends, the tools get these for their own tidying up.
    private static final Duration GRACE = Duration.ofMillis(1_500);
    private static final Duration SHORTEST_GRACE = Duration.ofMillis(100);

    private final RunScope run;
    private final HostTools tools;
    private final Deque<RunningCall> ready = new ArrayDeque<>();
    // Their start is in the journal; only what was really started is waited for.
    private final List<RunningCall> starting = new ArrayList<>();
    private final Map<Long, RunningCall> running = new LinkedHashMap<>();
    private final List<RunningCall> late = new ArrayList<>();
    private final Set<Long> approved = new HashSet<>();
    private final Set<Long> allowedByRule = new HashSet<>();
    // By version, which is the order of the calls. While there are any, a question is open.
    private final Map<Long, RunningCall> held = new TreeMap<>();
    private final Questions questions;
    private boolean over;

    ToolCalls(RunScope run) {
        this.run = run;
        this.tools = new HostTools(run);
        this.questions = new Questions(run, tools, this::answeredNow);
    }

    /** Whether no call is ready, running or being decided about by the approver. */
    boolean idle() {
        return ready.isEmpty() && starting.isEmpty() && running.isEmpty() && !questions.busy();
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
        Approver.Answer answer = open.answer();
        Tool tool = run.toolbox().find(open.call().name()).orElse(null);
        if (open.forked()) {
            answer(open, ToolOutput.error("not run here: this conversation was forked before the call had its output"));
        } else if (answer != null) {
            answered(open, answer);
        } else if (!open.started() || tool == null) {
            admit(open);
        } else {
            settleStarted(open, tool);
        }
    }

    private void settleStarted(OpenCall call, Tool tool) {
        Tool.Access access = tools.access(call.call(), tool);
        boolean repeatable = access == Tool.Access.READS || !ownerMayLive() || tools.honoursFencing(call.call(), tool);
        Tool.AfterCrash wanted = tools.afterCrash(call.call(), tool);
        Tool.AfterCrash policy = wanted == Tool.AfterCrash.RUN_AGAIN && !repeatable ? Tool.AfterCrash.REPORT : wanted;
        LOG.info(
                "conversation {}: call {} of {} was under way when its process ended: {}",
                run.log().id(),
                call.item().callId(),
                call.item().name(),
                policy);
        switch (policy) {
            case RUN_AGAIN -> runAgain(call, tool, access, ApprovalPolicy.Verdict.ALLOW);
            case ASK -> runAgain(call, tool, access, ApprovalPolicy.Verdict.ASK);
            case REPORT -> answer(call, unknown());
        }
    }

    // It was let run by the policy of another run, which may have given it more rights than this one has.
    private void runAgain(OpenCall call, Tool tool, Tool.Access access, ApprovalPolicy.Verdict wanted) {
        ApprovalPolicy.Decision decision =
                call.approved() ? ApprovalPolicy.Decision.allow() : decide(call, tool, access);
        if (decision.verdict() == ApprovalPolicy.Verdict.DENY) {
            answer(
                    call,
                    ToolOutput.error("not run again, refused: " + decision.reason()
                            + " It was under way when its process ended, and may have had its effect or not."));
        } else if (decision.verdict() == ApprovalPolicy.Verdict.ASK || wanted == ApprovalPolicy.Verdict.ASK) {
            ask(
                    new RunningCall(run, call, tool, access),
                    "This call was under way when its process ended, so its effect is unknown. Run it again?"
                            + (decision.reason().isEmpty() ? "" : " " + decision.reason()),
                    "");
        } else {
            if (call.approved()) {
                approved.add(call.version());
            }
            startOrHold(new RunningCall(run, call, tool, access));
        }
    }

    /** What the model reads of a call in which a process died. */
    static ToolOutput unknown() {
        return ToolOutput.error("The result of this call is unknown: the process that ran it ended before it had an"
                + " output. It may have had its effect or not. Check before you repeat it.");
    }

    /** What the model reads of a call that a person has refused. */
    static ToolOutput refused(String reason) {
        return ToolOutput.error(reason.isBlank() ? "refused by the user" : "refused by the user: " + reason);
    }

    // A process that shows no sign of life may only be paused, and its effect be still to come. Then only what can tell
    // that the call comes from an owner of old may be run again, and what has no effect.
    private boolean ownerMayLive() {
        TurnState turn = run.fold().turn();
        String before = OtherOwner.process(turn.takenFrom());
        return !before.isEmpty() && !before.equals(OtherOwner.process(turn.owner()));
    }

    /** Takes in a call that becomes durable with the journal's next commit. */
    void admit(OpenCall call) {
        Tool tool = run.toolbox().find(call.item().name()).orElse(null);
        if (tool == null) {
            answer(call, ToolOutput.error("unsupported call: " + call.item().name()));
            return;
        }
        ToolOutput refusal = AllowedTools.refusal(call.call(), run.fold().turn().allowed());
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
        judge(call, tool, tools.access(call.call(), tool));
    }

    private void judge(OpenCall call, Tool tool, Tool.Access access) {
        RunningCall next = new RunningCall(run, call, tool, access);
        if (questions.busy() && !next.onlyReads()) {
            held.put(call.version(), next);
            return;
        }
        ApprovalPolicy.Decision decision = decide(call, tool, access);
        switch (decision.verdict()) {
            case ALLOW -> startOrHold(next);
            case DENY -> {
                if (mustWait(next)) {
                    held.put(call.version(), next);
                } else {
                    answer(call, ToolOutput.error("refused: " + decision.reason()));
                }
            }
            case ASK -> ask(next, decision.reason(), tools.rule(call.call(), tool));
        }
    }

    // A rule turns a question into leave, and nothing else.
    private ApprovalPolicy.Decision decide(OpenCall call, Tool tool, Tool.Access access) {
        ApprovalPolicy.Decision decision = tools.decide(call.call(), access);
        if (decision.verdict() == ApprovalPolicy.Verdict.ASK && tools.allowedByRules(call.call(), tool)) {
            allowedByRule.add(call.version());
            return ApprovalPolicy.Decision.allow();
        }
        allowedByRule.remove(call.version());
        return decision;
    }

    // An approver has one question at a time; what else is to be asked about is judged again when that is answered.
    private void ask(RunningCall next, String reason, String rule) {
        if (questions.busy()) {
            held.put(next.call().version(), next);
            return;
        }
        questions.ask(next, reason, rule);
        ready.removeIf(later -> {
            boolean waits = mustWait(later);
            if (waits) {
                held.put(later.call().version(), later);
            }
            return waits;
        });
    }

    private boolean mustWait(RunningCall call) {
        return !call.onlyReads() && questions.openBefore(call.call().version());
    }

    private void startOrHold(RunningCall call) {
        if (mustWait(call)) {
            held.put(call.call().version(), call);
        } else {
            ready.add(call);
        }
    }

    private void answered(OpenCall call, Approver.Answer answer) {
        Tool tool = run.toolbox().find(call.item().name()).orElse(null);
        if (!answer.approved()) {
            answer(call, refused(answer.reason()));
        } else if (tool == null) {
            answer(call, ToolOutput.error("unsupported call: " + call.item().name()));
        } else {
            approved.add(call.version());
            startOrHold(new RunningCall(run, call, tool, tools.access(call.call(), tool)));
        }
    }

    private void answeredNow(OpenCall call, Approver.Answer answer) {
        answered(call, answer);
        List<RunningCall> released = List.copyOf(held.values());
        held.clear();
        released.forEach(this::judgeAgain);
        startReady();
    }

    private void judgeAgain(RunningCall waiting) {
        OpenCall call = waiting.call();
        Tool tool = waiting.tool();
        if (approved.contains(call.version())) {
            startOrHold(new RunningCall(run, call, tool, tools.access(call.call(), tool)));
        } else if (call.started()) {
            settleStarted(call, tool);
        } else {
            judge(call, tool, tools.access(call.call(), tool));
        }
    }

    /** Starts the calls that may start now, once the journal is committed. */
    void startReady() {
        while (!over && !run.control().isOver() && !ready.isEmpty() && mayStart(ready.peek())) {
            RunningCall next = ready.remove();
            OpenCall call = next.call();
            String writing = next.onlyReads()
                    ? null
                    : run.config().runs().stillWriting(run.log().id());
            if (writing != null) {
                answer(
                        call,
                        ToolOutput.error("not run: an earlier call that was ended, " + writing
                                + ", is still running, and a call that changes things runs alone. Try again later"));
                continue;
            }
            // What a call reaches can have changed while it waited: an earlier one may have made a link.
            Tool.Access now = tools.access(call.call(), next.tool());
            if (!approved.contains(call.version()) && (now != next.access() || !stillAllowed(next))) {
                judge(call, next.tool(), now);
                continue;
            }
            ToolOutput moved = approved.contains(call.version()) ? tools.moved(call, next.tool(), call.place()) : null;
            if (moved != null) {
                answer(call, moved);
                continue;
            }
            starting.add(next);
            run.journal().add(Draft.toolStarted(call.version(), call.item().callId()));
            run.journal().then(() -> start(next));
        }
    }

    private boolean stillAllowed(RunningCall next) {
        return !allowedByRule.contains(next.call().version())
                || tools.allowedByRules(next.call().call(), next.tool());
    }

    private boolean mayStart(RunningCall next) {
        late.removeIf(RunningCall::ended);
        Stream<RunningCall> atWork = Stream.of(starting.stream(), running.values().stream(), late.stream())
                .flatMap(calls -> calls);
        return next.onlyReads()
                ? atWork.allMatch(RunningCall::onlyReads)
                : atWork.findAny().isEmpty();
    }

    private void start(RunningCall call) {
        starting.remove(call);
        run.log().checkOwned();
        run.events().tell(new AgentEvent.ToolStarted(call.call().call()));
        if (over || run.control().isOver()) {
            return;
        }
        // Asked first: the run may end in it, and what has not begun is not waited for.
        Duration timeout = tools.timeout(call.call().call(), call.tool());
        running.put(call.call().version(), call);
        call.start(timeout, end -> ended(call, end), () -> timedOut(call));
    }

    private void timedOut(RunningCall call) {
        if (running.containsKey(call.call().version())) {
            late.add(call);
            // A tool that hears its interrupt ends soon, and what waits for it goes on; another one is not waited for.
            run.mailbox().after(RunControl.BOUND, () -> giveUp(call));
            ended(
                    call,
                    RunningCall.End.of(ToolOutput.error("tool timed out after "
                            + call.timeout().toMillis() + " milliseconds; it may have had its effect or not")));
            call.interrupt();
        }
    }

    private void giveUp(RunningCall call) {
        late.remove(call);
        leave(call);
        startReady();
        run.journal().commit();
    }

    private void ended(RunningCall call, RunningCall.End end) {
        boolean awaited = running.remove(call.call().version()) != null;
        // The output of what was interrupted because the run ends says why it ends.
        if (awaited && !(over && end.interrupted())) {
            call.forgetTimeout();
            Throwable failure = end.failure();
            if (failure != null) {
                LOG.warn(
                        "conversation {}: tool {} failed in call {}",
                        run.log().id(),
                        call.call().item().name(),
                        call.call().item().callId(),
                        failure);
            }
            answer(
                    call.call(),
                    end.output(),
                    tools.outputTokens(call.call().call(), call.tool()),
                    call.time(),
                    failure);
        }
        startReady();
        run.journal().commit();
    }

    private void answer(OpenCall call, ToolOutput output) {
        answer(call, output, Integer.MAX_VALUE / 4, Duration.ZERO, null);
    }

    private void answer(OpenCall call, ToolOutput output, int tokens, Duration time, @Nullable Throwable failure) {
        ToolOutput sent = output;
        if (OutputCut.needed(output, tokens)) {
            run.journal().add(Draft.outputFull(call, output.text()));
            sent = OutputCut.cut(output, tokens, call.item().callId());
        }
        ToolOutput noted = run.fold().calls().repeats().noted(call.call(), sent);
        String kind = noted.error() ? Draft.ITEM_OUTPUT_ERROR : Draft.ITEM_OUTPUT;
        run.journal().add(Draft.item(kind, noted.item(call.call())));
        run.journal().then(() -> run.events().tell(new AgentEvent.ToolEnded(call.call(), noted, time, failure)));
    }

    /** Waits until every call has its output, but for those that await a decision from outside. */
    void finish() throws InterruptedException {
        run.mailbox().await(this::idle);
    }

    /** Interrupts what runs and leaves the log alone: there is none that could be written to. */
    void abandon() {
        over = true;
        ready.clear();
        held.clear();
        starting.clear();
        questions.stop();
        running.values().forEach(this::leave);
        leaveLate();
    }

    /** The run is over: nobody waits any more for calls whose time was up. */
    void leaveLate() {
        late.forEach(this::leave);
    }

    private void leave(RunningCall call) {
        call.interrupt();
        run.config().runs().leave(run.log().id(), call.work(), !call.onlyReads());
    }

    /** Ends everything: interrupts what runs, gives it a moment to tidy up, and answers what is left. */
    void stop(String reason) throws InterruptedException {
        abandon();
        // A call may be on its way into the log, and is answered with the others.
        run.journal().commit();
        long now = System.nanoTime();
        Duration grace = Duration.ofNanos(Math.max(
                SHORTEST_GRACE.toNanos(),
                Math.min(GRACE.toNanos(), run.control().overBy() - now)));
        long end = now + grace.toNanos();
        run.mailbox().after(grace, () -> {});
        run.mailbox().await(() -> running.isEmpty() || System.nanoTime() - end >= 0);
        running.clear();
        for (OpenCall open : List.copyOf(run.fold().open().values())) {
            if (open.output() == null) {
                answer(
                        open,
                        ToolOutput.error(reason
                                + (open.started()
                                        ? ", while this call was running"
                                        : ", before this call was started")));
            }
        }
        run.journal().commit();
    }
}
