package dev.agentloop;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shortens the prompt when it is due: measures how full the context is, tries the compactors in order, holds what they give
 * to the rules, and puts it into the log. Belongs to the loop's thread; compactors work on another one.
 */
final class Compaction {
    /** Before another compaction the prompt must have grown by this part of the window, or none could gain anything. */
    private static final int GROWTH = 10;

    private final RunScope run;
    private long shortenedTo = -1;
    private boolean begun;

    Compaction(RunScope run) {
        this.run = run;
    }

    /** Shortens the prompt before an inference, where it nearly fills the context. */
    void ifDue() throws InterruptedException {
        boolean first = !begun;
        begun = true;
        if (run.config().model().settings().contextWindow() == 0) {
            return;
        }
        Compactor.Context context = ContextMeter.of(run);
        run.events().tell(new AgentEvent.ContextMeasured(context));
        boolean grown = shortenedTo < 0 || context.tokens() - shortenedTo >= context.window() / GROWTH;
        if (context.full() && grown) {
            boolean switched = first && "model_changed".equals(run.fold().newEpoch());
            Compactor.Reason reason = switched
                    ? Compactor.Reason.SMALLER_MODEL
                    : first ? Compactor.Reason.BEFORE_TURN : Compactor.Reason.MID_TURN;
            orEnd(reason, context);
        }
    }

    /** Shortens the prompt after the server said that it does not fit; false where nothing can be done. */
    boolean afterOverflow() throws InterruptedException {
        Compactor.Context measured = ContextMeter.of(run);
        long tokens = Math.max(measured.tokens(), measured.window());
        return orEnd(
                Compactor.Reason.CONTEXT_LENGTH,
                new Compactor.Context(tokens, measured.window(), measured.limit(), measured.estimated()));
    }

    private boolean orEnd(Compactor.Reason reason, Compactor.Context context) throws InterruptedException {
        List<String> failures = new ArrayList<>();
        if (attempt(reason, context, failures)) {
            return true;
        }
        if (!failures.isEmpty()) {
            String text = "compaction failed: " + String.join("; ", failures);
            throw new RunOver(text, summary -> new Outcome.Stopped(Outcome.Reason.COMPACTION_FAILED, text, summary));
        }
        return false;
    }

    /**
     * Tries the compactors in order, until the prompt is short enough.
     *
     * @param failures takes what went wrong with each that failed
     * @return whether the prompt is shorter now
     */
    boolean attempt(Compactor.Reason reason, Compactor.Context context, List<String> failures)
            throws InterruptedException {
        boolean shortened = false;
        Compactor.Context now = context;
        for (Compactor compactor : run.config().compactor().inOrder()) {
            CompactionTask task = new CompactionTask(run, reason, now);
            Optional<Compactor.Offer> offer = offer(compactor, task.task(), failures);
            if (offer.isEmpty() || !apply(compactor, task, offer.get(), failures)) {
                continue;
            }
            shortened = true;
            now = ContextMeter.of(run);
            shortenedTo = now.tokens();
            boolean asked = reason == Compactor.Reason.REQUESTED && offer.get().equals(Compactor.Offer.FREE);
            if (!now.full() && !asked) {
                return true;
            }
        }
        return shortened;
    }

    private static Optional<Compactor.Offer> offer(Compactor compactor, Compactor.Task task, List<String> failures) {
        try {
            return compactor.offer(task);
        } catch (RuntimeException e) {
            failures.add(compactor.name() + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    private boolean apply(Compactor compactor, CompactionTask task, Compactor.Offer offer, List<String> failures)
            throws InterruptedException {
        announce(compactor, task.task(), offer);
        Usage used = Usage.NONE;
        List<Item> items;
        try {
            Compactor.Window window = answer(() -> task.compacted(compactor));
            used = window.usage();
            items = new WindowRules(task.task(), task.putBack()).applied(window);
        } catch (RunOver | InterruptedException e) {
            run.meter().use(offer.usage());
            throw e;
        } catch (RuntimeException e) {
            failures.add(compactor.name() + ": " + e.getMessage());
            failed(compactor, String.valueOf(e.getMessage()), used);
            return false;
        }
        shortened(compactor, task.task(), items, used);
        return true;
    }

    private void shortened(Compactor compactor, Compactor.Task task, List<Item> items, Usage used) {
        run.journal().add(Draft.compaction(compactor.name(), task, items, used));
        run.journal().then(() -> {
            run.events().tell(new AgentEvent.Compacted(compactor.name(), task.context(), ContextMeter.of(run), used));
            run.events().tell(new AgentEvent.EpochStarted(run.fold().epoch(), PrefixDifference.COMPACTED));
        });
        run.journal().commit();
        run.meter().use(used);
    }

    private void failed(Compactor compactor, String cause, Usage used) {
        run.journal().add(Draft.compactionFailed(compactor.name(), cause, used));
        run.journal().then(() -> run.events().tell(new AgentEvent.CompactionFailed(compactor.name(), cause)));
        run.journal().commit();
        run.meter().use(used);
    }

    // Durable before anything is paid for: a result that a crash takes away is counted when the log is read again.
    private void announce(Compactor compactor, Compactor.Task task, Compactor.Offer offer) {
        Limits.Prices prices = run.limits().prices();
        long miss = TokenEstimate.of(task.items(task.kept())) + offer.outputTokens();
        BigDecimal missCost = PrefixCache.Rules.DEFAULT.withPrices(prices).missCost(miss);
        BigDecimal cost = prices == null || missCost == null
                ? null
                : prices.cost(offer.usage()).add(missCost);
        run.journal().add(Draft.compactionBegun(compactor.name(), offer.usage()));
        run.journal()
                .then(() -> run.events()
                        .tell(new AgentEvent.CompactionStarted(
                                compactor.name(), task.reason(), task.context(), offer, miss, cost)));
        run.journal().commit();
    }

    /** Has a compactor work elsewhere, so that this thread hears of a cancellation meanwhile. */
    private Compactor.Window answer(Supplier<Compactor.Window> work) throws InterruptedException {
        @Nullable Object[] answer = new Object[1];
        Future<?> task = run.config().executor().submit(() -> {
            Object result;
            try {
                result = work.get();
            } catch (RuntimeException | Error e) {
                result = e;
            }
            Object done = result;
            run.mailbox().post(() -> answer[0] = done);
        });
        try {
            run.mailbox().await(() -> answer[0] != null);
        } catch (RunOver | InterruptedException e) {
            task.cancel(true);
            throw e;
        }
        if (answer[0] instanceof RuntimeException e) {
            throw e;
        }
        if (answer[0] instanceof Error e) {
            throw e;
        }
        return (Compactor.Window) Objects.requireNonNull(answer[0]);
    }
}
