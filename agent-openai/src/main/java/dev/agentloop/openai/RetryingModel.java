package dev.agentloop.openai;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks another model again when it fails, as long as that changes nothing: until a call was told, for whoever was told may
 * have started it. From then on a failure is the loop's to handle, which keeps the call and asks with a longer prompt.
 *
 * <p>Requests that failed and streams that broke have a budget each, for one prompt, and the budgets add up; they do not
 * multiply. What was told in a try that failed is void.
 *
 * <p>As thread-safe as the model it asks.
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
        int requests = 0;
        int streams = 0;
        for (int attempt = 1; ; attempt++) {
            CallWatch watch = new CallWatch(listener);
            try {
                return model.respond(prompt, watch);
            } catch (ModelException e) {
                if (watch.toldCall || !policy.allows(e)) {
                    throw e;
                }
                boolean exhausted =
                        isStream(e) ? ++streams > policy.streamRetries() : ++requests > policy.requestRetries();
                if (exhausted) {
                    throw attempt == 1 ? e : afterAll(e, attempt);
                }
                Duration wait = policy.delay(
                        attempt, e, () -> ThreadLocalRandom.current().nextDouble());
                LOG.info("try {} failed, another one in {} ms: {}", attempt, wait.toMillis(), e.getMessage());
                listener.onRetry(attempt, wait, e);
                Thread.sleep(wait.toMillis());
            }
        }
    }

    /** Whether a response had begun; a request that failed has another status, or none. */
    private static boolean isStream(ModelException failure) {
        return failure.status() >= 200 && failure.status() < 300;
    }

    private static ModelException afterAll(ModelException last, int tries) {
        return ModelException.of(last.kind(), last.getMessage() + " Given up after " + tries + " tries.")
                .code(last.code())
                .status(last.status())
                .requestId(last.requestId())
                .retryAfter(last.retryAfter().orElse(null))
                .retryable(last.retryable())
                .cause(last)
                .build();
    }

    /** Passes everything on and notes whether a call was among it. */
    private static final class CallWatch implements Listener {
        private final Listener listener;
        private boolean toldCall;

        CallWatch(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void onItem(Item item) {
            toldCall |= item instanceof Item.Call;
            listener.onItem(item);
        }

        @Override
        public void onDelta(Delta kind, String text) {
            listener.onDelta(kind, text);
        }

        @Override
        public void onRetry(int attempt, Duration wait, ModelException cause) {
            listener.onRetry(attempt, wait, cause);
        }
    }
}
