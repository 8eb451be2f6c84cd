package dev.agentloop.internal.run;

import dev.agentloop.AgentEvent;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import dev.agentloop.internal.HostFailure;
import dev.agentloop.internal.call.Call;
import dev.agentloop.internal.call.Calls;
import dev.agentloop.internal.control.RunEnd;
import dev.agentloop.internal.control.Work;
import dev.agentloop.internal.log.Entry;
import dev.agentloop.internal.tool.CallBirth;
import dev.agentloop.internal.tool.CallRunner;
import dev.agentloop.spi.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One inference of a run. The model works on a thread of its own; what it sends comes through the mailbox, so items become
 * durable and tools start on the loop's thread while the stream goes on.
 *
 * <p>An item that is not a call waits for the next call or the end of the response, so that what a broken response leaves
 * in the log always ends in a call, with its reasoning before it.
 */
final class Inference {
    private final Run run;
    private final CallRunner tools;
    private final Endings endings;
    private final int step;
    private final CallBirth births;
    private final List<Calls.SentCall> replayable;
    private final List<Item> undurable = new ArrayList<>();
    private final PartialAnswer partial;
    private int received;
    private int calls;
    private boolean called;
    // All that the model has said in deltas; written on its thread only, which tells nobody of them where nobody
    // listens.
    private final LongAdder characters = new LongAdder();
    private long forgotten;
    // Read on the model's thread, which must not begin anything more for a run that has ended.
    private volatile boolean over;
    private boolean answered;
    private boolean closed;
    private @Nullable ModelResponse response;
    private @Nullable Throwable failure;

    Inference(Run run, CallRunner tools, Endings endings, int step) {
        this.run = run;
        this.tools = tools;
        this.endings = endings;
        this.step = step;
        this.births = new CallBirth(run.log());
        this.partial = new PartialAnswer(run.log(), run.control().mailbox());
        this.replayable = new ArrayList<>(run.log().fold().calls().replayable());
    }

    /** Whether the model has handed out a call, so that nobody below has tried again, whatever became of the call. */
    boolean called() {
        return called;
    }

    /** How many calls of the response the loop answers. */
    int answeredCalls() {
        return calls;
    }

    /**
     * Sends the prompt and takes in the response; its tools may still run when this returns.
     *
     * @throws ModelException if the response failed; what was durable by then is closed off in the log
     */
    ModelResponse run(Prompt prompt) throws InterruptedException {
        // Nothing is paid for by a run that somebody has ended.
        run.control().check();
        try {
            await(prompt);
            Throwable cause = failure;
            if (cause != null) {
                broken(prompt, Endings.detail(cause));
                throw cause instanceof ModelException e ? e : HostFailure.of("the model", cause);
            }
            return completed(prompt, whole(prompt));
        } finally {
            partial.forget();
        }
    }

    private void await(Prompt prompt) throws InterruptedException {
        Work work = run.control()
                .work(
                        "agentloop model (step " + step + ")",
                        () -> run.parts().model().respond(prompt, new Receiver()),
                        this::ended);
        try {
            run.control().mailbox().await(() -> answered);
        } catch (RunEnd | InterruptedException e) {
            broken(prompt, e instanceof RunEnd ended ? ended.reason() : "the caller's thread was interrupted");
            throw e;
        } finally {
            // However this ends, nobody reads a stream, tries again or starts a tool for it any more.
            over = true;
            if (!answered) {
                work.interrupt();
                run.control().leave(work, false);
            }
        }
    }

    private ModelResponse completed(Prompt prompt, ModelResponse whole) {
        try {
            return completed(whole);
        } catch (RunEnd over) {
            // The run was ended while the host was asked about a call of it.
            if (!closed) {
                broken(prompt, over.reason());
            }
            throw over;
        }
    }

    private void ended(@Nullable ModelResponse whole, @Nullable Throwable cause) {
        answered = true;
        response = whole;
        failure = cause;
        if (cause instanceof InterruptedException && !over) {
            // Nobody of this run has interrupted it: the agent's threads end.
            throw RunEnd.cancelled();
        }
    }

    private ModelResponse whole(Prompt prompt) {
        ModelResponse whole = response;
        if (whole == null) {
            broken(prompt, "the model gave no response");
            throw ModelException.of(
                            ModelException.Kind.PROTOCOL,
                            "the model returned null from respond(), which has to be a response or an exception; look"
                                    + " at what implements Model")
                    .build();
        }
        return whole;
    }

    /** Hands over to the loop's thread; ends a model that goes on for a run that has ended. */
    private final class Receiver implements Model.Listener {
        @Override
        public void onItem(Item item) {
            Objects.requireNonNull(item, "a model tells of items, not of null");
            post(() -> take(item));
        }

        @Override
        public void onDelta(Model.DeltaKind kind, String text) {
            Objects.requireNonNull(kind, "a delta has a kind, not null");
            Objects.requireNonNull(text, "a delta has a text, not null");
            checkWanted();
            characters.add(text.length());
            boolean kept = kind == Model.DeltaKind.TEXT;
            if (kept || run.events().heard()) {
                post(() -> {
                    run.events().tell(new AgentEvent.Delta(kind, text));
                    if (kept) {
                        partial.add(text);
                    }
                });
            }
        }

        @Override
        public void onRetry(int attempt, Duration wait, ModelException cause) {
            Objects.requireNonNull(wait, "a retry has a wait, not null");
            Objects.requireNonNull(cause, "a retry has a cause, not null");
            long until = characters.sum();
            post(() -> retried(attempt, wait, cause, until));
        }

        private void checkWanted() {
            if (over) {
                throw new CancellationException("the run that this response was for has ended");
            }
        }

        private void post(Runnable letter) {
            checkWanted();
            run.control().mailbox().post(() -> {
                if (!over) {
                    letter.run();
                }
            });
        }
    }

    private void take(Item item) {
        received++;
        run.events().boundary();
        if (item instanceof Item.Call call) {
            take(CallBirth.whole(call));
        } else if (item instanceof Item.Output output
                && run.log().fold().calls().taken(output.callId())) {
            // A call has one output, and the loop gives it.
            dropTrailingReasoning();
            run.events()
                    .warn("the server has sent an output of its own for call " + output.callId()
                            + ", which this agent answers; it is left out");
        } else {
            undurable.add(item);
            if (item instanceof Item.Message) {
                partial.messageWhole();
            }
        }
    }

    private void take(Item.Call call) {
        called = true;
        boolean replayed = !call.incomplete() && replayable.remove(Calls.SentCall.of(call));
        if (call.incomplete() || replayed) {
            // Reasoning must not stand without the item that it led to.
            dropTrailingReasoning();
            if (replayed) {
                run.events().tell(new AgentEvent.DuplicateCall(call.callId()));
            }
            return;
        }
        calls++;
        makeDurable();
        Item.Call kept = births.add(call);
        Call open = Objects.requireNonNull(run.log().fold().open().get(kept.callId()));
        run.log().then(() -> run.events().tell(new AgentEvent.ItemAdded(kept)));
        tools.admit(open);
        tools.startReady();
        run.log().commit();
    }

    private void makeDurable() {
        for (Item item : undurable) {
            run.log().add(Entry.item(Entry.ITEM_MODEL, item));
            run.log().then(() -> run.events().tell(new AgentEvent.ItemAdded(item)));
        }
        undurable.clear();
        partial.wholeWritten();
    }

    private void dropTrailingReasoning() {
        while (!undurable.isEmpty() && undurable.get(undurable.size() - 1) instanceof Item.Reasoning) {
            undurable.remove(undurable.size() - 1);
        }
    }

    private void retried(int attempt, Duration wait, ModelException cause, long until) {
        run.events().tell(new AgentEvent.Retrying(attempt, wait, String.valueOf(cause.getMessage())));
        run.events().boundary();
        if (received > 0 || until > forgotten) {
            Usage estimate = estimate(run.log().fold().prompt(), until);
            partial.write();
            run.log().add(Entry.responseBroken(String.valueOf(cause.getMessage()), estimate));
            run.log().commit();
            run.meter().use(estimate);
        }
        forget(until);
    }

    private void forget(long until) {
        undurable.clear();
        received = 0;
        forgotten = until;
    }

    private ModelResponse completed(ModelResponse whole) {
        // A model need not tell its items one by one; what it did not tell is taken from the response.
        whole.items()
                .subList(Math.min(received, whole.items().size()), whole.items().size())
                .forEach(item -> take(item));
        dropTrailingReasoning();
        makeDurable();
        partial.forget();
        run.log().add(Entry.response(whole, run.parts().clock().instant()));
        run.meter().use(whole.usage());
        endings.afterStep(new AgentEvent.StepEnded(step, whole.usage(), null));
        closed = true;
        run.log().commit();
        return whole;
    }

    // Usage comes with a response's last event, so of a broken one only an estimate can be had; without it a budget
    // would leak with every break.
    private void broken(Prompt prompt, String cause) {
        if (failure instanceof StoreException) {
            return;
        }
        ModelResponse whole = response;
        long until = characters.sum();
        boolean paid = whole != null || calls > 0 || received > 0 || until > forgotten;
        Usage used = whole != null ? whole.usage() : paid ? estimate(prompt, until) : Usage.NONE;
        partial.write();
        if (paid) {
            run.log().add(Entry.responseBroken(cause, used));
        }
        run.meter().use(used);
        forget(until);
        run.log().commit();
        endings.afterStep(new AgentEvent.StepEnded(step, used, cause));
    }

    private Usage estimate(Prompt prompt, long until) {
        long items = undurable.stream()
                .mapToLong(item -> item.json().getBytes(StandardCharsets.UTF_8).length)
                .sum();
        return Usage.estimate(prompt.length(), Math.max(items, until - forgotten));
    }
}
