package dev.agentloop;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A model that tries another one again.
 *
 * <p>Requests that brought no stream and streams that broke have budgets of their own, which never multiply. Once a call
 * was handed out, its tool may have started: then the failure goes up, and whoever keeps the log asks again with a prompt
 * that holds the call. Thread-safe.
 */
final class RetryingModel implements Model {
    private final Model model;
    private final RetryPolicy policy;

    RetryingModel(Model model, RetryPolicy policy) {
        this.model = model;
        this.policy = policy;
    }

    @Override
    public PromptSettings settings() {
        return model.settings();
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        int failedRequests = 0;
        int brokenStreams = 0;
        while (true) {
            Watch watch = new Watch(listener);
            try {
                return model.respond(prompt, watch);
            } catch (ModelException e) {
                boolean stream = watch.received || e.status() == 200;
                int attempt = stream ? ++brokenStreams : ++failedRequests;
                int most = stream ? policy.streamRetries() : policy.requestRetries();
                if (watch.called || attempt > most || !policy.allows(e)) {
                    throw e;
                }
                Duration delay = policy.delay(attempt, e, ThreadLocalRandom.current()::nextDouble);
                listener.onRetry(attempt, delay, e);
                Thread.sleep(delay.toMillis());
            }
        }
    }

    /** Sees what a try has handed out. */
    private static final class Watch implements Listener {
        private final Listener listener;
        private boolean received;
        private boolean called;

        Watch(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void onItem(Item item) {
            received = true;
            called |= item instanceof Item.Call;
            listener.onItem(item);
        }

        @Override
        public void onDelta(Delta kind, String text) {
            received = true;
            listener.onDelta(kind, text);
        }

        @Override
        public void onRetry(int attempt, Duration wait, ModelException cause) {
            listener.onRetry(attempt, wait, cause);
        }
    }
}
