package dev.agentloop;

import dev.agentloop.spi.StoreException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * One inference of a run. The model works on a thread of its own; what it sends comes through the mailbox, so items become
 * durable and tools start on the loop's thread while the stream goes on.
 *
 * <p>An item that is not a call waits for the next call or the end of the response, so that what a broken response leaves
 * in the log always ends in a call, with its reasoning before it.
 */
final class Inference {
    private final RunScope run;
    private final ToolCalls tools;
    private final int step;
    private final List<Item> undurable = new ArrayList<>();
    private int received;
    private int calls;
    private long receivedBytes;
    private boolean over;
    private @Nullable ModelResponse response;
    private @Nullable Throwable failure;

    Inference(RunScope run, ToolCalls tools, int step) {
        this.run = run;
        this.tools = tools;
        this.step = step;
    }

    /** Whether at least one call of the response is durable. */
    boolean called() {
        return calls > 0;
    }

    /**
     * Sends the prompt and takes in the response; its tools may still run when this returns.
     *
     * @throws ModelException if the response failed; what was durable by then is closed off in the log
     */
    ModelResponse run(Prompt prompt) throws InterruptedException {
        Future<?> task = run.config().executor().submit(() -> respond(prompt));
        try {
            run.mailbox().await(() -> response != null || failure != null);
        } catch (RunOver | InterruptedException e) {
            over = true;
            task.cancel(true);
            broken(prompt, e instanceof RunOver over ? over.reason() : "the caller's thread was interrupted");
            throw e;
        }
        Throwable cause = failure;
        if (cause != null) {
            broken(prompt, String.valueOf(cause.getMessage()));
            throw rethrown(cause);
        }
        return completed(Objects.requireNonNull(response));
    }

    private void respond(Prompt prompt) {
        try {
            ModelResponse whole = run.config().model().respond(prompt, new Receiver());
            run.mailbox().post(() -> response = whole);
        } catch (InterruptedException e) {
            // Either this run has ended it, and does not look any more, or somebody closes the loop.
            run.mailbox().post(() -> {
                if (!over) {
                    throw Endings.cancelled();
                }
            });
        } catch (RuntimeException | Error e) {
            run.mailbox().post(() -> failure = e);
        }
    }

    private static RuntimeException rethrown(Throwable cause) {
        if (cause instanceof Error error) {
            throw error;
        }
        return (RuntimeException) cause;
    }

    /** Hands over to the loop's thread. */
    private final class Receiver implements Model.Listener {
        @Override
        public void onItem(Item item) {
            run.mailbox().post(() -> {
                // What still comes in after a cancellation must not start a tool.
                if (!over) {
                    take(item);
                }
            });
        }

        @Override
        public void onDelta(Model.Delta kind, String text) {
            run.mailbox().post(() -> {
                receivedBytes += text.length();
                run.events().tell(new AgentEvent.Delta(kind, text));
            });
        }

        @Override
        public void onRetry(int attempt, Duration wait, ModelException cause) {
            run.mailbox().post(() -> retried(attempt, wait, cause));
        }
    }

    private void take(Item item) {
        received++;
        if (item instanceof Item.Call call) {
            take(call);
        } else {
            undurable.add(item);
        }
    }

    private void take(Item.Call call) {
        if (call.incomplete() || run.fold().calls().seen(call.callId())) {
            // Reasoning must not stand without the item that it led to.
            dropTrailingReasoning();
            if (!call.incomplete()) {
                run.events().tell(new AgentEvent.DuplicateCall(call.callId()));
            }
            return;
        }
        calls++;
        undurable.add(call);
        makeDurable();
        tools.admit(ToolCall.of(call));
        tools.startReady();
        run.journal().commit();
    }

    private void makeDurable() {
        for (Item item : undurable) {
            run.journal().add(Draft.item(Draft.ITEM_MODEL, item));
            run.journal().then(() -> run.events().tell(new AgentEvent.ItemAdded(item)));
        }
        undurable.clear();
    }

    private void dropTrailingReasoning() {
        while (!undurable.isEmpty() && undurable.get(undurable.size() - 1) instanceof Item.Reasoning) {
            undurable.remove(undurable.size() - 1);
        }
    }

    private void retried(int attempt, Duration wait, ModelException cause) {
        run.events().tell(new AgentEvent.Retrying(attempt, wait, String.valueOf(cause.getMessage())));
        if (received + receivedBytes > 0) {
            Usage estimate = estimate(run.fold().prompt());
            run.journal().add(Draft.responseBroken(String.valueOf(cause.getMessage()), estimate));
            run.journal().commit();
            run.meter().use(estimate);
        }
        forget();
    }

    private void forget() {
        undurable.clear();
        received = 0;
        receivedBytes = 0;
    }

    private ModelResponse completed(ModelResponse whole) {
        // A model need not tell its items one by one; what it did not tell is taken from the response.
        whole.items()
                .subList(Math.min(received, whole.items().size()), whole.items().size())
                .forEach(this::take);
        dropTrailingReasoning();
        makeDurable();
        run.journal().add(Draft.response(whole, run.config().clock().instant()));
        run.meter().use(whole.usage());
        run.journal().then(() -> run.events().tell(new AgentEvent.StepEnded(step, whole.usage(), null)));
        run.journal().commit();
        return whole;
    }

    // Usage comes with a response's last event, so of a broken one only an estimate can be had; without it a budget
    // would leak with every break.
    private void broken(Prompt prompt, String cause) {
        if (failure instanceof StoreException) {
            return;
        }
        boolean paid = calls > 0 || received + receivedBytes > 0;
        Usage estimate = paid ? estimate(prompt) : Usage.NONE;
        if (paid) {
            run.journal().add(Draft.responseBroken(cause, estimate));
        }
        run.meter().use(estimate);
        run.journal().then(() -> run.events().tell(new AgentEvent.StepEnded(step, estimate, cause)));
        forget();
        run.journal().commit();
    }

    private Usage estimate(Prompt prompt) {
        long items = undurable.stream()
                .mapToLong(item -> item.json().getBytes(StandardCharsets.UTF_8).length)
                .sum();
        return Usage.estimate(prompt.length(), Math.max(items, receivedBytes));
    }
}
