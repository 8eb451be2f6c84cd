package dev.agentloop.internal.tool;

import dev.agentloop.AgentEvent;
import dev.agentloop.Approver;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.Work;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The questions of a run: put to the approver, one at a time, on a thread of its own, or left for a later decision where there
 * is no approver. Belongs to the loop's thread.
 */
final class Questions {
    private static final Logger LOG = LoggerFactory.getLogger(Questions.class);

    private final Log log;
    private final RunControl control;
    private final Events events;
    private final HostTools tools;
    private final CallRules.Approvals approvals;
    private @Nullable Work asking;
    private boolean withdrawn;

    Questions(Log log, RunControl control, Events events, HostTools tools, CallRules.Approvals approvals) {
        this.log = log;
        this.control = control;
        this.events = events;
        this.tools = tools;
        this.approvals = approvals;
    }

    /**
     * Asks about a call; the question is durable with the log's next commit, and put after it. Not while an approver is
     * {@link #busy}.
     *
     * @param rule what else could be allowed with it; empty for nothing
     * @param answered run on the loop's thread when there is an answer, which is durable then; what it adds to the log becomes
     *     durable with the next commit
     */
    void ask(Call call, String reason, String rule, Consumer<Approver.Answer> answered) {
        Item.Call item = call.item();
        String place = tools.place(call.call(), call.tool());
        Outcome.Pending question = new Outcome.Pending(
                item.callId(), call.version(), item.name(), item.arguments(), reason, expiry(), place, rule);
        log.add(Entry.approvalAsked(question, Call.hash(call.call())));
        log.then(() -> {
            events.tell(new AgentEvent.ApprovalAsked(question));
            put(call, question, answered);
        });
    }

    // Somebody who answers is waited for; it is the question left in the log that grows old.
    private @Nullable Instant expiry() {
        Duration life = approvals.expireAfter();
        return life == null || approvals.approver() != null
                ? null
                : approvals.clock().instant().plus(life);
    }

    private void put(Call call, Outcome.Pending question, Consumer<Approver.Answer> answered) {
        Approver approver = approvals.approver();
        if (approver == null || control.isOver()) {
            return;
        }
        asking = control.work(
                "agentloop approver (call " + question.callId() + ")",
                () -> approver.decide(question),
                (answer, failure) -> take(call, checked(question, answer, failure), answered));
    }

    private Approver.Answer checked(
            Outcome.Pending question, Approver.@Nullable Answer answer, @Nullable Throwable failure) {
        if (failure instanceof InterruptedException) {
            return Approver.Answer.deny("the question was withdrawn");
        }
        if (failure != null) {
            LOG.warn(
                    "conversation {}: the approver failed at call {}, which is refused",
                    log.id(),
                    question.callId(),
                    failure);
            return Approver.Answer.deny("the approver failed: " + failure);
        }
        if (answer == null) {
            LOG.warn(
                    "conversation {}: the approver answered null about call {}, which is refused",
                    log.id(),
                    question.callId());
            return Approver.Answer.deny("the approver gave no answer");
        }
        return answer;
    }

    private void take(Call call, Approver.Answer given, Consumer<Approver.Answer> answered) {
        if (withdrawn) {
            return;
        }
        asking = null;
        Approver.Answer answer = tools.withoutForeignRule(call.call(), given);
        log.add(Entry.approvalDecided(call, answer));
        log.then(() -> events.tell(new AgentEvent.ApprovalDecided(call.item().callId(), answer)));
        // The others are judged by what the log says now.
        log.commit();
        answered.accept(answer);
        log.commit();
    }

    private Stream<Call> open() {
        return withdrawn
                ? Stream.empty()
                : log.fold().open().values().stream().filter(call -> call.state() == Call.State.ASKED);
    }

    /** Whether the approver has a question to answer. */
    boolean busy() {
        return approvals.approver() != null && open().findAny().isPresent();
    }

    /** Whether a call before this one is asked about. */
    boolean openBefore(Call call) {
        return open().anyMatch(asked -> asked.version() < call.version());
    }

    /** The questions that nobody in this process answers, in the order of their calls. */
    List<Outcome.Pending> awaiting() {
        return open().map(Call::pending).toList();
    }

    /** Withdraws all questions. */
    void stop() {
        withdrawn = true;
        Work question = asking;
        if (question != null) {
            question.interrupt();
            control.leave(question, false);
        }
    }
}
