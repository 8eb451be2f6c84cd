package dev.agentloop.internal.tool;

import dev.agentloop.AgentEvent;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Approver;
import dev.agentloop.Outcome;
import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.call.OutputCut;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.Work;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.log.TurnState;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
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
public final class CallRunner {
    private static final Logger LOG = LoggerFactory.getLogger(CallRunner.class);
    // Of the two seconds within which a run ends, the tools get these for their own tidying up.
    private static final Duration GRACE = Duration.ofMillis(1_500);
    private static final Duration SHORTEST_GRACE = Duration.ofMillis(100);

    private final Log log;
    private final RunControl control;
    private final Events events;
    private final HostTools tools;
    private final CallRules rules;
    private final Questions questions;
    private final Deque<Call> ready = new ArrayDeque<>();
    private final Map<Long, Execution> running = new LinkedHashMap<>();
    private final List<Execution> late = new ArrayList<>();
    private boolean over;

    public CallRunner(Log log, RunControl control, Events events, HostTools tools, CallRules rules) {
        this.log = log;
        this.control = control;
        this.events = events;
        this.tools = tools;
        this.rules = rules;
        this.questions = new Questions(log, control, events, tools, rules.approvals());
    }

    /** Whether no call is ready, running or being decided about by the approver. */
    private boolean idle() {
        return ready.isEmpty() && running.isEmpty() && !questions.busy();
    }

    private Stream<Call> open(Call.State state) {
        return log.fold().open().values().stream().filter(call -> call.state() == state);
    }

    /** The calls that only a decision from outside this run can bring on. */
    public List<Outcome.Pending> awaiting() {
        return questions.awaiting();
    }

    /** Takes in what a crash, a fork or an approval of another run left open. */
    public void settle() {
        List<Call> calls = log.fold().open().values().stream()
                .filter(call -> call.output() == null)
                .toList();
        if (calls.isEmpty()) {
            return;
        }
        calls.forEach(Call::takeUp);
        calls.forEach(this::settle);
        startReady();
        log.commit();
    }

    private void settle(Call call) {
        Approver.Answer answer = call.answer();
        Tool tool = tools.find(call.item().name());
        if (call.forked()) {
            answer(call, ToolOutput.error("not run here: this conversation was forked before the call had its output"));
        } else if (answer != null) {
            answered(call, answer);
        } else if (!call.started() || tool == null) {
            admit(call);
        } else {
            settleStarted(call, tool);
        }
    }

    private void settleStarted(Call call, Tool tool) {
        call.judged(tool, tools.access(call.call(), tool));
        boolean repeatable = call.onlyReads() || !ownerMayLive() || tools.honoursFencing(call.call(), tool);
        Tool.AfterCrash wanted = tools.afterCrash(call.call(), tool);
        Tool.AfterCrash policy = wanted == Tool.AfterCrash.RUN_AGAIN && !repeatable ? Tool.AfterCrash.REPORT : wanted;
        LOG.info(
                "conversation {}: call {} of {} was under way when its process ended: {}",
                log.id(),
                call.item().callId(),
                call.item().name(),
                policy);
        switch (policy) {
            case RUN_AGAIN -> runAgain(call, ApprovalPolicy.Verdict.ALLOW);
            case ASK -> runAgain(call, ApprovalPolicy.Verdict.ASK);
            case REPORT -> answer(call, unknown());
        }
    }

    // It was let run by the policy of another run, which may have given it more rights than this one has.
    private void runAgain(Call call, ApprovalPolicy.Verdict wanted) {
        ApprovalPolicy.Decision decision = call.approved() ? ApprovalPolicy.Decision.allow() : decide(call);
        if (decision.verdict() == ApprovalPolicy.Verdict.DENY) {
            answer(
                    call,
                    ToolOutput.error("not run again, refused: " + decision.reason()
                            + " It was under way when its process ended, and may have had its effect or not."));
        } else if (decision.verdict() == ApprovalPolicy.Verdict.ASK || wanted == ApprovalPolicy.Verdict.ASK) {
            ask(
                    call,
                    "This call was under way when its process ended, so its effect is unknown. Run it again?"
                            + (decision.reason().isEmpty() ? "" : " " + decision.reason()),
                    "");
        } else {
            if (call.approved()) {
                call.leaveBy(Call.Leave.PERSON);
            }
            startOrHold(call);
        }
    }

    /** What the model reads of a call in which a process died. */
    static ToolOutput unknown() {
        return ToolOutput.error("The result of this call is unknown: the process that ran it ended before it had an"
                + " output. It may have had its effect or not. Check before you repeat it.");
    }

    /** What the model reads of a call of a tool that there is not. */
    static ToolOutput unsupported(Call call) {
        return ToolOutput.error("unsupported call: " + call.item().name());
    }

    /** What the model reads of a call that a person has refused. */
    static ToolOutput refused(String reason) {
        return ToolOutput.error(reason.isBlank() ? "refused by the user" : "refused by the user: " + reason);
    }

    // A process that shows no sign of life may only be paused, and its effect be still to come. Then only what can tell
    // that the call comes from an owner of old may be run again, and what has no effect.
    private boolean ownerMayLive() {
        TurnState turn = log.fold().turn();
        String before = TurnState.process(turn.takenFrom());
        return !before.isEmpty()
                && !before.equals(TurnState.process(turn.owner()))
                && !log.store().leases().ended(before);
    }

    /** Takes in a call that becomes durable with the log's next commit. */
    public void admit(Call call) {
        Tool tool = tools.find(call.item().name());
        if (tool == null) {
            answer(call, unsupported(call));
            return;
        }
        Set<String> allowed = log.fold().turn().allowed();
        if (allowed != null && !allowed.contains(call.item().name())) {
            answer(
                    call,
                    ToolOutput.error("not run: " + call.item().name() + " may not be called now; "
                            + (allowed.isEmpty()
                                    ? "no tool may"
                                    : "these may: " + String.join(", ", new TreeSet<>(allowed)))));
            return;
        }
        if (!rules.meter().mayCall()) {
            answer(
                    call,
                    ToolOutput.error("not run: the limit of "
                            + rules.meter().limits().toolCalls() + " tool calls of this run is reached"));
            return;
        }
        judge(call, tool, tools.access(call.call(), tool));
    }

    private void judge(Call call, Tool tool, Tool.Access access) {
        call.judged(tool, access);
        if (questions.busy() && !call.onlyReads()) {
            call.hold();
            return;
        }
        ApprovalPolicy.Decision decision = decide(call);
        switch (decision.verdict()) {
            case ALLOW -> startOrHold(call);
            case DENY -> {
                if (mustWait(call)) {
                    call.hold();
                } else {
                    answer(call, ToolOutput.error("refused: " + decision.reason()));
                }
            }
            case ASK -> ask(call, decision.reason(), tools.rule(call.call(), tool));
        }
    }

    // A rule turns a question into leave, and nothing else.
    private ApprovalPolicy.Decision decide(Call call) {
        ApprovalPolicy.Decision decision = tools.decide(call.call(), call.access());
        boolean byRule =
                decision.verdict() == ApprovalPolicy.Verdict.ASK && tools.allowedByRules(call.call(), call.tool());
        call.leaveBy(byRule ? Call.Leave.RULE : Call.Leave.POLICY);
        return byRule ? ApprovalPolicy.Decision.allow() : decision;
    }

    // An approver has one question at a time; what else is to be asked about is judged again when that is answered.
    private void ask(Call call, String reason, String rule) {
        if (questions.busy()) {
            call.hold();
            return;
        }
        questions.ask(call, reason, rule, answer -> answeredNow(call, answer));
        ready.removeIf(later -> {
            boolean waits = mustWait(later);
            if (waits) {
                later.hold();
            }
            return waits;
        });
    }

    private boolean mustWait(Call call) {
        return !call.onlyReads() && questions.openBefore(call);
    }

    private void startOrHold(Call call) {
        if (mustWait(call)) {
            call.hold();
        } else {
            call.approve();
            ready.add(call);
        }
    }

    private void answered(Call call, Approver.Answer answer) {
        Tool tool = tools.find(call.item().name());
        if (!answer.approved()) {
            answer(call, refused(answer.reason()));
        } else if (tool == null) {
            answer(call, unsupported(call));
        } else {
            call.leaveBy(Call.Leave.PERSON);
            call.judged(tool, tools.access(call.call(), tool));
            startOrHold(call);
        }
    }

    private void answeredNow(Call call, Approver.Answer answer) {
        answered(call, answer);
        List<Call> released = open(Call.State.HELD).toList();
        released.forEach(Call::release);
        released.forEach(this::judgeAgain);
        startReady();
    }

    private void judgeAgain(Call call) {
        Tool tool = call.tool();
        if (call.hasLeaveOf(Call.Leave.PERSON)) {
            call.judged(tool, tools.access(call.call(), tool));
            startOrHold(call);
        } else if (call.started()) {
            settleStarted(call, tool);
        } else {
            judge(call, tool, tools.access(call.call(), tool));
        }
    }

    /** Starts the calls that may start now, once the log is committed. */
    public void startReady() {
        while (!over && !control.isOver() && !ready.isEmpty() && mayStart(ready.peek())) {
            Call call = ready.remove();
            String writing = call.onlyReads() ? null : control.stillWriting();
            if (writing != null) {
                answer(
                        call,
                        ToolOutput.error("not run: an earlier call that was ended, " + writing
                                + ", is still running, and a call that changes things runs alone. Try again later"));
                continue;
            }
            // What a call reaches can have changed while it waited: an earlier one may have made a link.
            Tool.Access now = tools.access(call.call(), call.tool());
            boolean asked = call.hasLeaveOf(Call.Leave.PERSON);
            if (!asked && (now != call.access() || !stillAllowed(call))) {
                judge(call, call.tool(), now);
                continue;
            }
            ToolOutput moved = asked ? tools.moved(call, call.tool(), call.place()) : null;
            if (moved != null) {
                answer(call, moved);
                continue;
            }
            log.add(Entry.toolStarted(call.version(), call.item().callId()));
            log.then(() -> start(call));
        }
    }

    private boolean stillAllowed(Call call) {
        return !call.hasLeaveOf(Call.Leave.RULE) || tools.allowedByRules(call.call(), call.tool());
    }

    private boolean mayStart(Call next) {
        late.removeIf(Execution::ended);
        boolean alone = !next.onlyReads();
        for (Call call : log.fold().open().values()) {
            if (call.state() == Call.State.RUNNING && (alone || !call.onlyReads())) {
                return false;
            }
        }
        return late.stream().allMatch(execution -> !alone && execution.call().onlyReads());
    }

    private void start(Call call) {
        log.checkOwned();
        events.tell(new AgentEvent.ToolStarted(call.call()));
        if (over || control.isOver()) {
            return;
        }
        // Asked first: the run may end in it, and what has not begun is not waited for.
        Duration timeout =
                tools.timeout(call.call(), call.tool(), rules.meter().limits().toolTimeout());
        Execution execution = new Execution(log, control, events, rules, call);
        execution.start(timeout, end -> ended(execution, end), () -> timedOut(execution));
        running.put(call.version(), execution);
    }

    private void timedOut(Execution execution) {
        if (running.containsKey(execution.call().version())) {
            late.add(execution);
            // A tool that hears its interrupt ends soon, and what waits for it goes on; another one is not waited for.
            control.mailbox().after(Work.BOUND, () -> giveUp(execution));
            ended(
                    execution,
                    Execution.End.of(ToolOutput.error("tool timed out after "
                            + execution.timeout().toMillis()
                            + " milliseconds; it may have had its effect or not")));
            execution.interrupt();
        }
    }

    private void giveUp(Execution execution) {
        late.remove(execution);
        execution.leave();
        startReady();
        log.commit();
    }

    private void ended(Execution execution, Execution.End end) {
        Call call = execution.call();
        boolean awaited = running.remove(call.version()) != null;
        // The output of what was interrupted because the run ends says why it ends.
        if (awaited && !(over && end.interrupted())) {
            execution.forgetTimeout();
            Throwable failure = end.failure();
            if (failure != null) {
                LOG.warn(
                        "conversation {}: tool {} failed in call {}",
                        log.id(),
                        call.item().name(),
                        call.item().callId(),
                        failure);
            }
            int tokens = tools.outputTokens(call.call(), call.tool());
            answer(call, end.output(), tokens, execution.time(), failure);
        }
        startReady();
        log.commit();
    }

    private void answer(Call call, ToolOutput output) {
        answer(call, output, Integer.MAX_VALUE / 4, Duration.ZERO, null);
    }

    private void answer(Call call, ToolOutput output, int tokens, Duration time, @Nullable Throwable failure) {
        ToolOutput sent = cut(log, call, output, tokens);
        ToolOutput noted = log.fold().calls().repeats().noted(call.call(), sent);
        String kind = noted.error() ? Entry.ITEM_OUTPUT_ERROR : Entry.ITEM_OUTPUT;
        log.add(Entry.item(kind, noted.item(call.call())));
        log.then(() -> events.tell(new AgentEvent.ToolEnded(call.call(), noted, time, failure)));
    }

    static ToolOutput cut(Log log, Call call, ToolOutput output, int tokens) {
        if (!OutputCut.needed(output, tokens)) {
            return output;
        }
        log.add(Entry.outputFull(call, output.text()));
        return OutputCut.cut(output, tokens, call.item().callId());
    }

    /** Waits until every call has its output, but for those that await a decision from outside. */
    public void finish() throws InterruptedException {
        control.mailbox().await(this::idle);
    }

    /** Interrupts what runs and leaves the log alone: there is none that could be written to. */
    public void abandon() {
        over = true;
        ready.clear();
        questions.stop();
        running.values().forEach(Execution::leave);
        leaveLate();
    }

    /** The run is over: nobody waits any more for calls whose time was up. */
    public void leaveLate() {
        late.forEach(Execution::leave);
    }

    /** Ends everything: interrupts what runs, gives it a moment to tidy up, and answers what is left. */
    public void stop(String reason) throws InterruptedException {
        abandon();
        // A call may be on its way into the log, and is answered with the others.
        log.commit();
        long now = System.nanoTime();
        Duration grace =
                Duration.ofNanos(Math.max(SHORTEST_GRACE.toNanos(), Math.min(GRACE.toNanos(), control.overBy() - now)));
        long end = now + grace.toNanos();
        control.mailbox().after(grace, () -> {});
        control.mailbox().await(() -> running.isEmpty() || System.nanoTime() - end >= 0);
        running.clear();
        for (Call open : List.copyOf(log.fold().open().values())) {
            if (open.output() == null) {
                answer(
                        open,
                        ToolOutput.error(reason
                                + (open.started()
                                        ? ", while this call was running"
                                        : ", before this call was started")));
            }
        }
        log.commit();
    }
}
