package dev.agentloop.internal.run;

import dev.agentloop.AgentEvent;
import dev.agentloop.Item;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.RetryPolicy;
import dev.agentloop.internal.compact.CompactionStep;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.WithoutImages;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** Shortens or cleans the prompt where that helps, and asks again where that helps. Belongs to the loop's thread. */
final class Recovery {
    private final Run run;
    private final CompactionStep compaction;
    private final Set<ModelException.Kind> tried = EnumSet.noneOf(ModelException.Kind.class);
    private int breaks;

    Recovery(Run run, CompactionStep compaction) {
        this.run = run;
        this.compaction = compaction;
    }

    /** A response came whole: later breaks count again. */
    void succeeded() {
        breaks = 0;
        tried.remove(ModelException.Kind.CONTEXT_LENGTH);
    }

    /**
     * What is done about a failed inference.
     *
     * @param called whether calls of the response are durable, so that nobody below has tried again
     * @return how the run ends, or null to ask again
     * @throws ModelException the failure itself, if nothing can be done about it
     */
    RunEnd.@Nullable Ending from(ModelException failure, boolean called) throws InterruptedException {
        switch (failure.kind()) {
            case CONTEXT_LENGTH -> {
                return tried.add(failure.kind()) && compaction.afterOverflow()
                        ? null
                        : Endings.stopped(Outcome.Reason.CONTEXT_LENGTH, String.valueOf(failure.getMessage()));
            }
            case POLICY -> {
                return Endings.stopped(Outcome.Reason.POLICY, String.valueOf(failure.getMessage()));
            }
            case INVALID_ENCRYPTED_CONTENT -> {
                if (compaction.takeBackRefused(failure)) {
                    tried.remove(ModelException.Kind.CONTEXT_LENGTH);
                } else {
                    clean(failure, withoutReasoning());
                }
            }
            case INVALID_IMAGE -> clean(failure, withoutImages());
            default -> waitForAnotherTry(failure, called);
        }
        return null;
    }

    private List<Item> withoutReasoning() {
        List<Item> kept = new ArrayList<>(run.log().fold().prompt().items());
        kept.removeIf(item -> item instanceof Item.Reasoning);
        return kept;
    }

    // Those that were part of a request that was answered are none of the trouble.
    private List<Item> withoutImages() {
        List<Item> items = new ArrayList<>(run.log().fold().prompt().items());
        Prompt last = run.log().fold().lastSent();
        int accepted = last != null && run.log().fold().prompt().startsWith(last) ? last.size() : 0;
        for (int i = accepted; i < items.size(); i++) {
            items.set(i, WithoutImages.of(items.get(i), "the server could not use it"));
        }
        return items;
    }

    private void clean(ModelException failure, List<Item> window) {
        if (!tried.add(failure.kind())
                || window.equals(run.log().fold().prompt().items())) {
            throw failure;
        }
        run.events()
                .warn("the server refused part of the prompt (" + failure.getMessage()
                        + "); asking once more without it");
        String reason = failure.code().isEmpty() ? "input_changed" : failure.code();
        Log log = run.log();
        log.add(Entry.epoch(reason, log.fold().prompt().head(), window));
        log.then(() -> run.events().tell(new AgentEvent.EpochStarted(log.fold().epoch(), reason)));
        log.commit();
    }

    private void waitForAnotherTry(ModelException failure, boolean called) throws InterruptedException {
        RetryPolicy policy = run.parts().brokenResponses();
        if (!called || !failure.retryable() || ++breaks > policy.streamRetries()) {
            throw failure;
        }
        if (!policy.allows(failure)) {
            throw failure.toBuilder(policy.refusal(failure)).build();
        }
        Duration delay = policy.delay(breaks, failure, ThreadLocalRandom.current()::nextDouble);
        run.events().tell(new AgentEvent.Retrying(breaks, delay, String.valueOf(failure.getMessage())));
        boolean[] due = {false};
        run.control().mailbox().after(delay, () -> due[0] = true);
        run.control().mailbox().await(() -> due[0]);
    }
}
