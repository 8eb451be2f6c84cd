package dev.agentloop;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The questions of a run: put to the approver, one at a time, on a thread of its own, or left for a later decision where there
 * is no approver. Belongs to the loop's thread.
 */
final class Questions {
    private static final Logger LOG = LoggerFactory.getLogger(Questions.class);

    private final RunScope run;
    private final HostTools tools;
    private final BiConsumer<OpenCall, Approver.Answer> answered;
    private final TreeMap<Long, Outcome.Pending> open = new TreeMap<>();
    private @Nullable Work asking;

    /**
     * The questions of one run.
     *
     * @param answered called on the loop's thread with each answer, which is durable then; what it adds to the journal becomes
     *     durable with the next commit
     */
    Questions(RunScope run, HostTools tools, BiConsumer<OpenCall, Approver.Answer> answered) {
        this.run = run;
        this.tools = tools;
        this.answered = answered;
    }

    /**
     * Asks about a call; the question is durable with the journal's next commit, and put after it. Not while an approver is
     * {@link #busy}.
     *
     * @param rule what else could be allowed with it; empty for nothing
     */
    void ask(RunningCall next, String reason, String rule) {
        OpenCall call = next.call();
        Item.Call item = call.item();
        String place = tools.place(call.call(), next.tool());
        call.askedFor(place);
        Outcome.Pending question = new Outcome.Pending(
                item.callId(), call.version(), item.name(), item.arguments(), reason, expiry(), place, rule);
        open.put(call.version(), question);
        run.journal().add(Draft.approvalAsked(question, OpenCall.hash(call.call())));
        run.journal().then(() -> {
            run.events().tell(new AgentEvent.ApprovalAsked(question));
            put(call, question);
        });
    }

    // Somebody who answers is waited for; it is the question left in the log that grows old.
    private @Nullable Instant expiry() {
        Duration life = run.config().approvalsExpire();
        return life == null || run.config().approver() != null
                ? null
                : run.config().clock().instant().plus(life);
    }

    private void put(OpenCall call, Outcome.Pending question) {
        Approver approver = run.config().approver();
        if (approver == null || run.control().isOver()) {
            return;
        }
        asking = run.config()
                .workers()
                .call(
                        "agentloop approver (call " + question.callId() + ")",
                        () -> approver.decide(question),
                        run.mailbox(),
                        (answer, failure) -> take(call, checked(question, answer, failure)));
    }

    private Approver.Answer checked(
            Outcome.Pending question, Approver.@Nullable Answer answer, @Nullable Throwable failure) {
        if (failure instanceof InterruptedException) {
            return Approver.Answer.deny("the question was withdrawn");
        }
        if (failure != null) {
            LOG.warn(
                    "conversation {}: the approver failed at call {}, which is refused",
                    run.log().id(),
                    question.callId(),
                    failure);
            return Approver.Answer.deny("the approver failed: " + failure);
        }
        if (answer == null) {
            LOG.warn(
                    "conversation {}: the approver answered null about call {}, which is refused",
                    run.log().id(),
                    question.callId());
            return Approver.Answer.deny("the approver gave no answer");
        }
        return answer;
    }

    private void take(OpenCall call, Approver.Answer given) {
        if (open.remove(call.version()) == null) {
            return;
        }
        asking = null;
        Approver.Answer answer = tools.withoutForeignRule(call.call(), given);
        run.journal().add(Draft.approvalDecided(call, answer));
        run.journal()
                .then(() -> run.events()
                        .tell(new AgentEvent.ApprovalDecided(call.item().callId(), answer)));
        // The others are judged by what the log says now.
        run.journal().commit();
        answered.accept(call, answer);
        run.journal().commit();
    }

    /** Whether the approver has a question to answer. */
    boolean busy() {
        return run.config().approver() != null && !open.isEmpty();
    }

    /** Whether a call before this one is asked about. */
    boolean openBefore(long version) {
        return open.lowerKey(version) != null;
    }

    /** The questions that nobody in this process answers, in the order of their calls. */
    List<Outcome.Pending> awaiting() {
        return List.copyOf(open.values());
    }

    /** Withdraws all questions. */
    void stop() {
        open.clear();
        Work question = asking;
        if (question != null) {
            question.interrupt();
            run.config().runs().leave(run.log().id(), question, false);
        }
    }
}
