package dev.agentloop.internal.compact;

import dev.agentloop.AgentEvent;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.PrefixCache;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import dev.agentloop.internal.HostFailure;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.Meter;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.internal.control.Work;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.prompt.NamedItem;
import dev.agentloop.internal.prompt.PrefixDifference;
import dev.agentloop.internal.prompt.TokenEstimate;
import dev.agentloop.internal.tool.HostTools;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shortens the prompt when it is due: measures how full the context is, tries the compactors in order, holds what they give
 * to the rules, and puts it into the log. Belongs to the loop's thread; compactors work on another one.
 */
public final class CompactionStep {
    /**
     * Before another compaction the prompt must have grown by this part of the window, or none could gain anything; and by this
     * part of itself, or a prompt that grows beyond the window would be read whole ever so often.
     */
    private static final int GROWTH = 10;

    private static final Logger LOG = LoggerFactory.getLogger(CompactionStep.class);

    private final Log log;
    private final RunControl control;
    private final Events events;
    private final Meter usage;
    private final Means means;
    private final ContextMeter meter;
    /** Why the server refused what these gave; they are not asked again in this run. */
    private final Map<String, String> refused = new LinkedHashMap<>();

    private long shortenedTo = -1;
    private boolean begun;

    /**
     * What it has to work with.
     *
     * @param model counts tokens
     * @param settings the model's
     * @param at the part of the window from which on the prompt is to be shortened
     * @param tools say which of their calls stay
     */
    public record Means(Model model, PromptSettings settings, Compactor compactor, double at, HostTools tools) {}

    public CompactionStep(Log log, RunControl control, Events events, Meter usage, Means means) {
        this.log = log;
        this.control = control;
        this.events = events;
        this.usage = usage;
        this.means = means;
        this.meter = new ContextMeter(log.fold(), means.settings().contextWindow(), means.at());
    }

    /** Shortens the prompt before an inference, where it nearly fills the context. */
    public void ifDue() throws InterruptedException {
        boolean first = !begun;
        begun = true;
        if (means.settings().contextWindow() == 0) {
            return;
        }
        Compactor.Context context = measured(first);
        events.tell(new AgentEvent.ContextMeasured(context));
        if (context.full() && grown(context)) {
            // Also where nothing can be gained: it is not tried again at each step.
            shortenedTo = context.tokens();
            boolean switched = first && "model_changed".equals(log.fold().newEpoch());
            Compactor.Reason reason = switched
                    ? Compactor.Reason.SMALLER_MODEL
                    : first ? Compactor.Reason.BEFORE_TURN : Compactor.Reason.MID_TURN;
            orEnd(reason, context);
        }
    }

    private boolean grown(Compactor.Context context) {
        long least = Math.max(context.window(), shortenedTo) / GROWTH;
        return shortenedTo < 0 || context.tokens() - shortenedTo >= least;
    }

    private Compactor.Context measured(boolean first) throws InterruptedException {
        Compactor.Context context = meter.now();
        if (!first || !ContextMeter.worthCounting(context)) {
            return context;
        }
        Prompt prompt = log.fold().prompt();
        try {
            OptionalLong tokens = answer("counting tokens", () -> means.model().countTokens(prompt));
            return meter.counted(context, tokens.orElse(0));
        } catch (ModelException | IllegalStateException e) {
            LOG.debug("the tokens of the prompt could not be counted, so they are estimated", e);
            return context;
        }
    }

    /**
     * Makes the newest compaction item the beginning of the prompt, where a whole response has brought it: what stands before
     * it is in it. Waits while calls have no output.
     */
    public void adoptServers() {
        Fold fold = log.fold();
        boolean open = !fold.open().isEmpty() || fold.hostCalls().unanswered() != null;
        if (!fold.compactions().unadopted() || open || refused.containsKey(Entry.SERVER)) {
            return;
        }
        List<Item> items = fold.prompt().items();
        int start = items.size() - 1;
        while (start > 0 && !(items.get(start) instanceof Item.Compaction)) {
            start--;
        }
        CompactionTask task = task(Compactor.Reason.SERVER_THRESHOLD, meter.now());
        Compactor.Window window = Compactor.Window.returned(items.subList(start, items.size()), Usage.NONE);
        try {
            shortened(Entry.SERVER, task.task(), task.applied(window), Usage.NONE);
        } catch (IllegalArgumentException e) {
            failed(Entry.SERVER, String.valueOf(e.getMessage()), Usage.NONE);
        }
    }

    /**
     * Takes a compaction back whose item the server cannot read, so that the next compactor can be tried.
     *
     * @return false if the newest compaction is none that a server gave, or was answered before
     */
    public boolean takeBackRefused(ModelException failure) {
        Compactor.Completed last = log.fold().compactions().unproven().orElse(null);
        if (last == null) {
            return false;
        }
        UndoneCompaction undone = new UndoneCompaction(log, last);
        List<NamedItem> items = undone.withoutItsCiphertext();
        if (items == null) {
            return false;
        }
        String cause = "the server refused the compacted prompt: " + failure.getMessage();
        refused.put(last.by(), last.by() + ": " + cause);
        shortenedTo = -1;
        log.add(undone.entry("compaction_refused", items));
        log.then(() -> events.tell(new AgentEvent.CompactionFailed(last.by(), cause)));
        log.commit();
        return true;
    }

    /** Shortens the prompt after the server said that it does not fit; false where nothing can be done. */
    public boolean afterOverflow() throws InterruptedException {
        Compactor.Context measured = meter.now();
        long tokens = Math.max(measured.tokens(), measured.window());
        return orEnd(
                Compactor.Reason.CONTEXT_LENGTH,
                new Compactor.Context(tokens, measured.window(), measured.limit(), measured.estimated()));
    }

    private boolean orEnd(Compactor.Reason reason, Compactor.Context context) throws InterruptedException {
        List<String> failures = new ArrayList<>(refused.values());
        if (attempt(reason, context, failures)) {
            return true;
        }
        if (!failures.isEmpty()) {
            String text = "compaction failed: " + String.join("; ", failures);
            throw new RunEnd(text, summary -> new Outcome.Stopped(Outcome.Reason.COMPACTION_FAILED, text, summary));
        }
        return false;
    }

    /**
     * Shortens the prompt because the host asked for it.
     *
     * @return the compaction, or empty where there is nothing to gain
     * @throws IllegalStateException if calls await an answer of the host's, or all compactors failed; nothing was changed then
     */
    public Optional<Compactor.Completed> requested() throws InterruptedException {
        String unanswered = log.fold().hostCalls().unanswered();
        if (unanswered != null) {
            throw new IllegalStateException("conversation " + log.id() + " has calls that only you can answer: "
                    + unanswered + "; append their outputs first, or a compactor's request would be refused");
        }
        List<String> failures = new ArrayList<>();
        if (!log.fold().hasPrompt() || !attempt(Compactor.Reason.REQUESTED, meter.now(), failures)) {
            if (!failures.isEmpty()) {
                throw new IllegalStateException(
                        "the prompt was not shortened, and nothing was changed: " + String.join("; ", failures));
            }
            return Optional.empty();
        }
        return log.fold().compactions().newest();
    }

    /**
     * Tries the compactors in order, until the prompt is short enough.
     *
     * @param failures takes what went wrong with each that failed
     * @return whether the prompt is shorter now
     */
    boolean attempt(Compactor.Reason reason, Compactor.Context context, List<String> failures)
            throws InterruptedException {
        if (means.compactor() == Compactor.NEVER) {
            return false; // A task is made of the whole prompt.
        }
        boolean shortened = false;
        CompactionTask task = task(reason, context);
        Compactor.Task first = task.task();
        List<Compactor> order = orElse(
                List.of(),
                "the compactors' order",
                "the compactors could not be put in order",
                failures,
                () -> means.compactor().inOrder(first));
        for (Compactor compactor : order) {
            String by = name(compactor);
            if (refused.containsKey(by)) {
                continue;
            }
            Compactor.Task given = task.task();
            Optional<Compactor.Offer> offer =
                    orElse(Optional.empty(), "compactor " + by, by, failures, () -> compactor.offer(given));
            if (offer.isEmpty() || !apply(compactor, by, task, offer.get(), failures)) {
                continue;
            }
            shortened = true;
            Compactor.Context now = meter.now();
            shortenedTo = now.tokens();
            boolean asked = reason == Compactor.Reason.REQUESTED && offer.get().equals(Compactor.Offer.FREE);
            if (!now.full() && !asked) {
                return true;
            }
            // The next one has another prompt before it.
            task = task(reason, now);
        }
        return shortened;
    }

    private String name(Compactor compactor) {
        String name = control.ask("a compactor's name", compactor::name, failure -> "");
        return name == null || name.isEmpty() ? compactor.getClass().getName() : name;
    }

    private <T> T orElse(T otherwise, String what, String words, List<String> failures, Callable<T> code)
            throws InterruptedException {
        try {
            return answer(what, code);
        } catch (RunEnd e) {
            throw e;
        } catch (RuntimeException e) {
            failures.add(words + ": " + e.getMessage());
            return otherwise;
        }
    }

    private boolean apply(
            Compactor compactor, String by, CompactionTask task, Compactor.Offer offer, List<String> failures)
            throws InterruptedException {
        Compactor.Task given = task.task();
        announce(by, given, offer);
        Compactor.Window window = null;
        List<Item> items;
        try {
            window = answer("compactor " + by, () -> compactor.compact(given));
            items = task.applied(window);
        } catch (RunEnd | InterruptedException e) {
            usage.use(offer.usage());
            throw e;
        } catch (ModelException e) {
            failures.add(failed(by, String.valueOf(e.getMessage()), e.usage()));
            return false;
        } catch (RuntimeException e) {
            // A window that breaks a rule says what it used; of a fault in a compactor only the offer is known.
            Usage paid = window == null ? offer.usage() : window.usage();
            failures.add(failed(by, String.valueOf(e.getMessage()), paid));
            return false;
        }
        shortened(by, given, items, window.usage());
        return true;
    }

    private CompactionTask task(Compactor.Reason reason, Compactor.Context context) {
        return new CompactionTask(
                log.fold(), means.settings().cacheBreakpoints(), means.tools().keptInCompaction(), reason, context);
    }

    /** Makes these items the prompt, durably. */
    private void shortened(String by, Compactor.Task task, List<Item> items, Usage used) {
        log.add(Entry.compaction(by, task, items, used));
        log.then(() -> {
            events.tell(new AgentEvent.Compacted(by, task.context(), meter.now(), used));
            events.tell(new AgentEvent.EpochStarted(log.fold().epoch(), PrefixDifference.COMPACTED));
        });
        log.commit();
        usage.use(used);
    }

    /** Makes a failure durable; gives it in words. */
    private String failed(String by, String why, Usage used) {
        String cause = by + ": " + why;
        log.add(Entry.compactionFailed(by, why, used));
        log.then(() -> events.tell(new AgentEvent.CompactionFailed(by, why)));
        log.commit();
        usage.use(used);
        return cause;
    }

    // Durable before anything is paid for: a result that a crash takes away is counted when the log is read again.
    private void announce(String by, Compactor.Task task, Compactor.Offer offer) {
        Limits.Prices prices = usage.limits().prices();
        long miss = TokenEstimate.of(task.items(task.kept())) + offer.outputTokens();
        BigDecimal missCost = PrefixCache.Rules.DEFAULT.withPrices(prices).missCost(miss);
        BigDecimal cost = prices == null || missCost == null
                ? null
                : prices.cost(offer.usage()).add(missCost);
        log.add(Entry.compactionBegun(by, offer.usage()));
        log.then(() ->
                events.tell(new AgentEvent.CompactionStarted(by, task.reason(), task.context(), offer, miss, cost)));
        log.commit();
    }

    /**
     * Has the host's code work elsewhere, so that this thread hears of a cancellation meanwhile.
     *
     * @throws RuntimeException what it throws; {@code IllegalStateException} for an Error, for what it does not declare, and
     *     where it gives null
     */
    private <T> T answer(String what, Callable<T> code) throws InterruptedException {
        control.check();
        List<T> given = new ArrayList<>();
        List<RuntimeException> failed = new ArrayList<>();
        Work work = control.work("agentloop " + what, code, (answer, failure) -> {
            if (answer != null) {
                given.add(answer);
            } else {
                failed.add(failure(what, failure));
            }
        });
        try {
            control.mailbox().await(() -> !given.isEmpty() || !failed.isEmpty());
        } finally {
            work.interrupt();
            control.leave(work, false);
        }
        if (!failed.isEmpty()) {
            throw failed.get(0);
        }
        return given.get(0);
    }

    // An Error in a compactor costs this compaction, and not the run.
    private static RuntimeException failure(String what, @Nullable Throwable cause) {
        if (cause instanceof RuntimeException plain) {
            return plain;
        }
        String words = cause == null ? " gave null, which it must not" : " failed: " + HostFailure.words(cause);
        return new IllegalStateException(what + words, cause);
    }
}
