package dev.agentloop;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model that tries another one again.
 *
 * <p>Requests that brought no stream and streams that broke have budgets of their own, which never multiply. Once a call
 * was handed out, its tool may have started: then the failure goes up, and whoever keeps the log asks again with a prompt
 * that holds the call. Thread-safe.
 */
final class RetryingModel implements Model {
    private static final Logger LOG = LoggerFactory.getLogger(RetryingModel.class);

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
        for (int attempt = 1; ; attempt++) {
            Watch watch = new Watch(listener);
            try {
                return model.respond(prompt, watch);
            } catch (ModelException e) {
                if (watch.called || !e.retryable()) {
                    throw e;
                }
                boolean exhausted = watch.begun(e)
                        ? ++brokenStreams > policy.streamRetries()
                        : ++failedRequests > policy.requestRetries();
                if (exhausted || !policy.allows(e)) {
                    throw last(e, exhausted ? "" : policy.refusal(e), attempt);
                }
                Duration delay = policy.delay(attempt, e, ThreadLocalRandom.current()::nextDouble);
                LOG.info("try {} failed, another one in {} ms: {}", attempt, delay.toMillis(), e.getMessage());
                listener.onRetry(attempt, delay, e);
                Thread.sleep(delay.toMillis());
            }
        }
    }

    @Override
    public OptionalLong countTokens(Prompt prompt) throws InterruptedException {
        return model.countTokens(prompt);
    }

    private static ModelException last(ModelException failure, String refusal, int tries) {
        String more = refusal + (tries == 1 ? "" : " Given up after " + tries + " tries.");
        return more.isEmpty() ? failure : failure.toBuilder(more).build();
    }

    /** Sees what a try has handed out. */
    private static final class Watch implements Listener {
        private final Listener listener;
        private boolean received;
        private boolean called;

        Watch(Listener listener) {
            this.listener = listener;
        }

        /** Whether a response had begun; a request that failed has another status, or none. */
        boolean begun(ModelException failure) {
            return received || (failure.status() >= 200 && failure.status() < 300);
        }

        @Override
        public void onItem(Item item) {
            received = true;
            called |= item instanceof Item.Call;
            listener.onItem(item);
        }

        @Override
        public void onDelta(DeltaKind kind, String text) {
            received = true;
            listener.onDelta(kind, text);
        }

        @Override
        public void onRetry(int attempt, Duration wait, ModelException cause) {
            listener.onRetry(attempt, wait, cause);
        }
    }
}
