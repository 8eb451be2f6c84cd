package dev.agentloop.testkit.internal.talk;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.testkit.internal.talk.Answers.Answer;
import dev.agentloop.testkit.internal.talk.Answers.How;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** Looks at each request, and answers by random numbers. Serves one run at a time. */
final class TalkModel implements Model {
    /** What the model of a talk tells of, and has done. */
    interface Watcher {
        /** A prompt was sent; an {@link AssertionError} if it must not be so. */
        void sent(Prompt prompt);

        /** The host ends the run. */
        void cancel();

        /** The host says something more. */
        void steer();

        /** A response came whole, and was taken up to its end. */
        void answered(List<Item> items);
    }

    /** A failure of the model's that the run must hand up as it is. */
    static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Failure() {
            super("the model fails, as its script says");
        }
    }

    private final PromptSettings settings;
    private final Answers answers;
    private final Watcher watcher;

    TalkModel(PromptSettings settings, Answers answers, Watcher watcher) {
        this.settings = settings;
        this.answers = answers;
        this.watcher = watcher;
    }

    @Override
    public PromptSettings settings() {
        return settings;
    }

    @Override
    @SuppressWarnings("NullAway") // One of the answers is none.
    public @Nullable ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        watcher.sent(prompt);
        Answer answer = answers.to(prompt);
        List<Item> items = answer.items();
        for (int i = 0; i < answer.told(); i++) {
            if (i == items.size() / 2) {
                inTheMidst(answer.how());
            }
            listener.onItem(items.get(i));
        }
        if (answer.failure() != null) {
            throw answer.failure();
        } else if (answer.how() == How.FAILS) {
            throw new Failure();
        } else if (answer.how() == How.NULL) {
            return null;
        }
        if (items.isEmpty()) {
            inTheMidst(answer.how());
        }
        watcher.answered(items);
        String incomplete = answer.how() == How.INCOMPLETE ? incomplete() : null;
        return new ModelResponse("resp_1", items, answer.usage(), incomplete, answer.how() != How.GOES_ON);
    }

    private String incomplete() {
        return List.of("max_output_tokens", "content_filter", "odd")
                .get(answers.random().nextInt(3));
    }

    private void inTheMidst(How how) throws InterruptedException {
        if (how == How.STEERED) {
            watcher.steer();
        } else if (how == How.CANCELLED) {
            watcher.cancel();
            // The run that was ended interrupts this.
            new CountDownLatch(1).await();
        }
    }
}
