package dev.agentloop;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The questions of a run: put to the approver one at a time, on a thread of their own, or left for a later decision where
 * there is no approver. Belongs to the loop's thread.
 */
final class Questions {
    private static final Logger LOG = LoggerFactory.getLogger(Questions.class);

    private final RunScope run;
    private final BiConsumer<ToolCall, Approver.Answer> answered;
    private final Deque<ToolCall> waiting = new ArrayDeque<>();
    private final Map<String, Outcome.Pending> open = new LinkedHashMap<>();
    private @Nullable Future<?> asking;

    /**
     * The questions of one run.
     *
     * @param answered called on the loop's thread with each answer, which becomes durable with the next commit
     */
    Questions(RunScope run, BiConsumer<ToolCall, Approver.Answer> answered) {
        this.run = run;
        this.answered = answered;
    }

    /** Asks about a call; the question is durable with the journal's next commit, and put after it. */
    void ask(ToolCall call, String reason) {
        Outcome.Pending question = new Outcome.Pending(call.callId(), call.name(), call.arguments(), reason, expiry());
        open.put(call.callId(), question);
        waiting.add(call);
        run.journal().add(Draft.approvalAsked(question, OpenCall.hash(call)));
        run.journal().then(() -> {
            run.events().tell(new AgentEvent.ApprovalAsked(question));
            askNext();
        });
    }

    // Somebody who answers is waited for; it is the question left in the log that grows old.
    private @Nullable Instant expiry() {
        Duration life = run.config().approvalsExpire();
        return life == null || run.config().approver() != null
                ? null
                : run.config().clock().instant().plus(life);
    }

    private void askNext() {
        Approver approver = run.config().approver();
        ToolCall call = waiting.peek();
        if (approver == null || call == null || asking != null) {
            return;
        }
        Outcome.Pending question = Objects.requireNonNull(open.get(call.callId()));
        asking = run.config().executor().submit(() -> {
            Approver.Answer answer = answer(approver, question);
            run.mailbox().post(() -> take(call, answer));
        });
    }

    private static Approver.Answer answer(Approver approver, Outcome.Pending question) {
        try {
            return approver.decide(question);
        } catch (InterruptedException e) {
            return Approver.Answer.deny("the question was withdrawn");
        } catch (RuntimeException e) {
            LOG.warn("the approver failed at call {}, which is refused", question.callId(), e);
            return Approver.Answer.deny("the approver failed: " + e);
        }
    }

    private void take(ToolCall call, Approver.Answer answer) {
        if (waiting.peek() != call) {
            return;
        }
        waiting.remove();
        open.remove(call.callId());
        asking = null;
        run.journal().add(Draft.approvalDecided(call.callId(), OpenCall.hash(call), answer));
        run.journal().then(() -> run.events().tell(new AgentEvent.ApprovalDecided(call.callId(), answer)));
        answered.accept(call, answer);
        run.journal().commit();
        askNext();
    }

    /** Whether the approver has a question to answer. */
    boolean busy() {
        return run.config().approver() != null && !waiting.isEmpty();
    }

    /** The questions that nobody in this process answers. */
    List<Outcome.Pending> awaiting() {
        return List.copyOf(open.values());
    }

    /** Withdraws all questions. */
    void stop() {
        waiting.clear();
        open.clear();
        if (asking != null) {
            asking.cancel(true);
        }
    }
}
