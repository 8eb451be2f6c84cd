package dev.agentloop.internal.run;

import dev.agentloop.AgentEvent;
import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.compact.CompactionStep;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.internal.control.Steering;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.tool.CallRunner;
import dev.agentloop.internal.turn.Inbox;
import dev.agentloop.internal.turn.TurnStart;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One run of a conversation: prompt, inference, tool calls, their outputs, and again, until a response calls no tool.
 *
 * <p>Runs on the caller's thread, which alone appends to the log. Others reach it through its {@link RunControl}.
 */
final class Loop {
    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);

    private final Run run;
    private final CallRunner tools;
    private final Steering steering;
    private final Endings endings;
    private final CompactionStep compaction;
    private final Recovery recovery;
    private final Inbox inbox;
    private final CacheAccount prefixCache;
    private final LogPosition start;
    // Whether a request was sent that the log has no answer to.
    private boolean asking;

    Loop(Run run) {
        this.run = run;
        this.steering = run.control().steering();
        this.tools = run.callRunner();
        this.inbox = new Inbox(run.log(), run.events(), run.tools(), run.parts().clock(), steering);
        this.endings = new Endings(run, tools, inbox);
        this.compaction = run.compaction();
        this.recovery = new Recovery(run, compaction);
        this.prefixCache = new CacheAccount(run);
        this.start = run.log().position();
    }

    /**
     * Refuses a run that cannot be as it was asked for, before anything is appended.
     *
     * @throws IllegalStateException if there is new input while a call awaits a decision or its output from the host, or there
     *     is nothing to send
     * @throws IllegalArgumentException if the options or the input are none
     */
    void check(List<Item> input) {
        run.turnStart().check(input, run.options().allowedTools());
        inbox.read();
        Set<Call> decided = inbox.decisions().keySet();
        String undecided = run.log().fold().open().values().stream()
                .filter(call -> call.undecided() && !decided.contains(call))
                .map(call -> call.item().callId())
                .collect(Collectors.joining(", "));
        if (run.parts().approvals().approver() == null && !input.isEmpty() && !undecided.isEmpty()) {
            throw new IllegalStateException("conversation " + run.log().id() + " awaits approval of " + undecided
                    + "; approve or deny that first, then go on with new input");
        }
        run.log().fold().hostCalls().check(run.log().id(), input);
        if (input.isEmpty() && steering.isEmpty() && run.log().fold().saysNothing() && !inbox.saysSomething()) {
            throw new IllegalStateException("conversation " + run.log().id()
                    + " has nothing to send: nothing was said in it yet; give the run an input, or append one first");
        }
    }

    /** The whole loop, from the input to the outcome. What it appends is durable before it is acted on. */
    Outcome run(List<Item> input) {
        try {
            RunEnd.@Nullable Ending ending = begin(input);
            while (ending == null) {
                ending = endings.beforeInference();
                if (ending == null) {
                    append(steering.take());
                    compaction.ifDue();
                    ending = infer(run.log().fold().prompt());
                    tools.finish();
                    endings.stepOver();
                    compaction.adoptServers();
                }
            }
            return endings.end(ending);
        } catch (RunEnd over) {
            return endings.stop(over);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return endings.stop(RunEnd.cancelled());
        } catch (RuntimeException | Error e) {
            if (!cameLate(e)) {
                endings.fail(e);
                if (!asking && run.log().mayBeOpen()) {
                    run.agent().turns().unasked(run.log().id(), run.log().position());
                }
            }
            throw e;
        }
    }

    /** Whether a failure of {@link #run} says that another process began first: nothing was appended or told then. */
    boolean cameLate(Throwable failure) {
        return failure instanceof StoreException store
                && store.kind() == StoreException.Kind.CONFLICT
                && start.version() > 0
                && run.log().position().equals(start);
    }

    /** Brings the log to where the next inference can be made. Gives the ending where there is nothing left to ask. */
    private RunEnd.@Nullable Ending begin(List<Item> input) throws InterruptedException {
        Prompt before = run.log().fold().lastSent();
        if (before != null) {
            prefixCache.resume(
                    before,
                    run.log().fold().response().usage(),
                    run.log().fold().response().answeredAt());
        }
        endings.watchTheClock();
        endings.watchTheInbox();
        endings.unsaid(input);
        TurnStart turn = run.turnStart();
        boolean asked =
                run.agent().turns().mayHaveAsked(run.log().id(), run.log().position());
        run.meter().use(turn.begin(inbox, run.agent().owner(), run.options().allowedTools(), asked));
        steering.begin();
        tools.settle();
        tools.finish();
        compaction.adoptServers();
        // What the inbox had comes after an answer, so only what is still the answer now is given again.
        String answer = run.log().fold().answer();
        endings.unsaid(List.of());
        turn.input(input);
        LOG.info(
                "conversation {}: run at version {} with {}, {} steps at most",
                run.log().id(),
                run.log().position().version(),
                run.log().fold().prompt().model(),
                run.meter().limits().steps() == 0
                        ? "no limit of"
                        : run.meter().limits().steps());
        return input.isEmpty() && answer != null && steering.isEmpty()
                ? summary -> new Outcome.Finished(answer, summary)
                : null;
    }

    private void append(Steering.Taken steered) {
        steered.items().forEach(item -> run.log().add(Entry.item(Entry.ITEM_USER, item)));
        inbox.settle(steered.messages());
        run.log().commit();
        steering.durable();
    }

    /** One inference; its calls are started meanwhile. Gives the ending that it means, or null to go on. */
    private RunEnd.@Nullable Ending infer(Prompt prompt) throws InterruptedException {
        PrefixCache.Report prefix = prefixCache.check(prompt, run.log().fold().newEpoch());
        if (prefix.refused()) {
            return Endings.refused(prefix);
        }
        int step = run.meter().nextStep();
        run.events().tell(new AgentEvent.StepStarted(step, prefix));
        Inference inference = new Inference(run, tools, endings, step);
        try {
            asking = true;
            ModelResponse response = inference.run(prompt);
            asking = false;
            recovery.succeeded();
            endings.afterStep(
                    new AgentEvent.CacheUsed(step, prefixCache.settle(response.usage()), response.cacheDiagnosis()));
            return endings.after(response, inference.answeredCalls());
        } catch (ModelException e) {
            asking = false;
            // The tools that were started have their outputs in the log before anything else is decided.
            tools.finish();
            endings.stepOver();
            return recovery.from(e, inference.called());
        }
    }
}
