package dev.agentloop.internal.compact;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * What a model answered to a compactor, and what that used: with the tries that broke off in the middle, whose usage nobody
 * reports, so that it is estimated as that of the loop's own requests.
 */
record PaidAnswer(ModelResponse response, Usage usage) {

    /** Asks the model; without an answer, the {@link ModelException} says what was used up to there. */
    static PaidAnswer of(Model model, Prompt prompt) throws InterruptedException {
        Broken broken = new Broken(prompt.length());
        try {
            ModelResponse response = model.respond(prompt, broken);
            return new PaidAnswer(response, broken.before.plus(response.usage()));
        } catch (ModelException e) {
            broken.off();
            Usage used = broken.before.plus(e.usage());
            throw used.equals(e.usage()) ? e : e.toBuilder("").usage(used).build();
        }
    }

    /** What is thrown where the answer cannot be used; it says what it used. */
    ModelException unusable(String why) {
        return ModelException.of(ModelException.Kind.PROTOCOL, why).usage(usage).build();
    }

    /** Counts what comes in, until it breaks off. */
    private static final class Broken implements Model.Listener {
        private final long promptBytes;
        private Usage before = Usage.NONE;
        private long items;
        private long deltas;

        Broken(long promptBytes) {
            this.promptBytes = promptBytes;
        }

        @Override
        public void onItem(Item item) {
            items += item.bytes().remaining();
        }

        @Override
        public void onDelta(Model.DeltaKind kind, String text) {
            deltas += text.getBytes(StandardCharsets.UTF_8).length;
        }

        @Override
        public void onRetry(int attempt, Duration wait, ModelException cause) {
            off();
        }

        void off() {
            if (items + deltas > 0) {
                before = before.plus(Usage.estimate(promptBytes, Math.max(items, deltas)));
            }
            items = 0;
            deltas = 0;
        }
    }
}
