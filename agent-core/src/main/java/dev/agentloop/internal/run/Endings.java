package dev.agentloop.internal.run;

import dev.agentloop.AgentEvent;
import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.internal.control.Steering;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.tool.CallRunner;
import dev.agentloop.internal.turn.Inbox;
import dev.agentloop.spi.StoreException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Knows when a run is over, and ends it so that the history is valid and can be continued. */
final class Endings {
    private static final Logger LOG = LoggerFactory.getLogger(Endings.class);
    private static final int EMPTY_ANSWERS = 2;

    private final Run run;
    private final CallRunner tools;
    private final Steering steering;
    private final Inbox inbox;
    private final List<AgentEvent> afterStep = new ArrayList<>();
    private List<Item> unsaid = List.of();
    private String partialText = "";
    private int emptyAnswers;

    Endings(Run run, CallRunner tools, Inbox inbox) {
        this.run = run;
        this.tools = tools;
        this.steering = run.control().steering();
        this.inbox = inbox;
    }

    /** Ends the run when its time is up, whatever it is waiting for then. */
    void watchTheClock() {
        Duration left = run.control().left();
        if (left != null) {
            run.control().mailbox().after(left, run.control()::timeIsUp);
        }
    }

    /** Looks into the inbox when something was left there while a step takes long. */
    void watchTheInbox() {
        run.agent().turns().watch(run.control(), run.agent().store(), this::lookIntoInbox);
    }

    /** The run's input, for as long as it waits until what was left open is settled; it is said even if the run ends meanwhile. */
    void unsaid(List<Item> input) {
        unsaid = input;
    }

    /** Has an event told once all calls of the step have ended. */
    void afterStep(AgentEvent event) {
        afterStep.add(event);
    }

    /** All calls of the step have ended, but for those that await a decision. */
    void stepOver() {
        List<AgentEvent> events = List.copyOf(afterStep);
        afterStep.clear();
        events.forEach(run.events()::tell);
    }

    private void lookIntoInbox() {
        boolean isCancelled;
        try {
            isCancelled = inbox.look();
        } catch (StoreException e) {
            // What lies there waits; whether the store is to be had is for the next append to say.
            LOG.warn(
                    "conversation {}: the inbox could not be read: {}",
                    run.log().id(),
                    e.getMessage());
            return;
        }
        if (isCancelled) {
            run.control().end(RunEnd.cancelled());
            run.control().check();
        }
    }

    /** The ending that must come before another inference is paid for, or null. */
    RunEnd.@Nullable Ending beforeInference() {
        lookIntoInbox();
        inbox.learnRedactions();
        List<Outcome.Pending> awaiting = tools.awaiting();
        if (!awaiting.isEmpty()) {
            return summary -> new Outcome.AwaitingApproval(awaiting, summary);
        }
        String unanswered = run.log().fold().hostCalls().unanswered();
        if (unanswered != null) {
            return stopped(
                    Outcome.Reason.UNANSWERED,
                    "the model has called tools of the API's own that only you can answer: " + unanswered
                            + "; append their outputs, then run the conversation again");
        }
        return run.meter().reached(run.log().fold().calls().repeats().count()).orElse(null);
    }

    /**
     * The ending that a whole response means, or null where the run goes on.
     *
     * @param calls how many of its calls the loop answers
     */
    RunEnd.@Nullable Ending after(ModelResponse response, int calls) {
        partialText = lastText(response);
        Optional<String> refusal = response.refusal();
        String incomplete = response.incomplete();
        if (incomplete != null) {
            return stopped(reason(incomplete), "the response is incomplete: " + incomplete);
        }
        if (refusal.isPresent()) {
            String text = "the model refused: " + refusal.get();
            return summary -> new Outcome.Stopped(Outcome.Reason.REFUSAL, text, summary);
        }
        if (calls > 0) {
            emptyAnswers = 0;
            return null;
        }
        if (run.log().fold().hostCalls().unanswered() != null || !response.endTurn() && grew()) {
            return null;
        }
        String answer = run.log().fold().answer();
        if (answer == null) {
            return empty();
        }
        lookIntoInbox();
        return steering.closeIfEmpty() ? summary -> new Outcome.Finished(answer, summary) : null;
    }

    // What would be sent next is not what was sent: asking again is no repetition.
    private boolean grew() {
        Prompt sent = run.log().fold().lastSent();
        return sent == null || run.log().fold().prompt().size() > sent.size();
    }

    private RunEnd.@Nullable Ending empty() {
        if (emptyAnswers++ < EMPTY_ANSWERS) {
            run.events()
                    .warn("the model answered with nothing new; asking again (" + emptyAnswers + " of " + EMPTY_ANSWERS
                            + ")");
            return null;
        }
        return stopped(Outcome.Reason.EMPTY_ANSWER, "the model answered with nothing new " + emptyAnswers + " times");
    }

    /** The ending instead of a request that its account of the provider's cache does not let through. */
    static RunEnd.Ending refused(PrefixCache.Report prefix) {
        return stopped(
                Outcome.Reason.PREFIX_BROKEN,
                "the request was not sent, because it would break the prefix of the prompt: " + prefix.describe()
                        + ". Undo the change and run the conversation again, or run it without the strict mode");
    }

    static RunEnd.Ending stopped(Outcome.Reason reason, String detail) {
        return summary -> new Outcome.Stopped(reason, detail, summary);
    }

    private static Outcome.Reason reason(String incomplete) {
        return switch (incomplete) {
            case "max_output_tokens" -> Outcome.Reason.MAX_OUTPUT_TOKENS;
            case "content_filter" -> Outcome.Reason.CONTENT_FILTER;
            default -> Outcome.Reason.INCOMPLETE;
        };
    }

    private static String lastText(ModelResponse response) {
        String last = "";
        for (Item item : response.items()) {
            last = item instanceof Item.Message message ? message.text() : last;
        }
        return last;
    }

    /** Ends the run in this way. */
    Outcome end(RunEnd.Ending how) {
        run.control().ending();
        tools.leaveLate();
        keepSteering();
        Outcome draft = how.outcome(summary());
        turnOver(draft.getClass().getSimpleName(), detail(draft));
        Outcome outcome = how.outcome(summary());
        run.events().tell(new AgentEvent.RunEnded(outcome));
        return outcome;
    }

    // What the model said stands in its item, and nowhere else.
    private static String detail(Outcome outcome) {
        if (outcome instanceof Outcome.Stopped stopped && stopped.reason() == Outcome.Reason.REFUSAL) {
            return "stopped: the model refused, in its last item";
        }
        return outcome instanceof Outcome.Finished ? "" : outcome.describe();
    }

    // What was taken from the user must not be lost: the next run sees it.
    private void keepSteering() {
        unsaid.forEach(item -> run.log().add(Entry.item(Entry.ITEM_USER, item)));
        Steering.Taken left = steering.close();
        left.items().forEach(item -> run.log().add(Entry.item(Entry.ITEM_USER, item)));
        inbox.settle(left.messages());
    }

    private void turnOver(String outcome, String detail) {
        Instant now = run.parts().clock().instant();
        run.log()
                .add(Entry.turnEnded(
                        outcome, detail, run.meter().usage(), run.meter().steps(), now));
        run.log().commit();
        steering.durable();
        stepOver();
    }

    /** Ends the run from outside: what is open is interrupted, and answered as such. */
    Outcome stop(RunEnd over) {
        run.control().ending();
        boolean interrupted = Thread.interrupted();
        try {
            tools.stop(over.reason());
        } catch (InterruptedException e) {
            interrupted = true;
            LOG.debug("interrupted again while stopping", e);
        }
        try {
            return end(over.ending());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Leaves the log in order before a failure goes up to the host. */
    void fail(Throwable failure) {
        LOG.warn(
                "conversation {}: the run failed at version {}; it can be resumed",
                run.log().id(),
                run.log().position().version(),
                failure);
        if (failure instanceof StoreException) {
            tools.abandon();
            return;
        }
        run.control().ending();
        boolean interrupted = Thread.interrupted();
        try {
            tools.stop("interrupted: the run failed");
            keepSteering();
            turnOver("failed", detail(failure));
        } catch (InterruptedException e) {
            interrupted = true;
            tools.abandon();
        } catch (RuntimeException | Error e) {
            failure.addSuppressed(e);
            tools.abandon();
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // Only of a model's failure is it known that the message holds no credential.
    static String detail(Throwable failure) {
        return failure instanceof ModelException
                ? String.valueOf(failure.getMessage())
                : failure.getClass().getName();
    }

    private Outcome.Summary summary() {
        return new Outcome.Summary(
                run.log().id(),
                run.log().position().version(),
                run.meter().usage(),
                run.log().fold().total(),
                run.meter().steps(),
                partialText);
    }
}
