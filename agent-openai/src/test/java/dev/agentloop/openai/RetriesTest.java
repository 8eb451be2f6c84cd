package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A model behind a retry policy, as {@link OpenAiModel} is built. */
class RetriesTest {
    private static final RetryPolicy POLICY = new RetryPolicy(1, 2, Duration.ofMillis(1), Duration.ofMillis(20));
    private static final Prompt PROMPT = Prompt.of(PromptSettings.of("m").build(), Toolbox.empty());

    private interface Step {
        ModelResponse answer(Model.Listener listener);
    }

    /** A model that does one thing for each time that it is asked. */
    private static final class Script implements Model {
        private final Deque<Step> steps;

        Script(Step... steps) {
            this.steps = new ArrayDeque<>(List.of(steps));
        }

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("m").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            return steps.remove().answer(listener);
        }
    }

    private static Step answer(String text) {
        return listener -> {
            Item item = Item.of(Replies.bytes(Events.message(text)));
            listener.onItem(item);
            return ModelResponse.of(List.of(item), Usage.NONE);
        };
    }

    private static Step failure(Kind kind, int status, Item... told) {
        return listener -> {
            if (status == 200) {
                listener.onDelta(Model.DeltaKind.TEXT, "He");
            }
            List.of(told).forEach(listener::onItem);
            throw ModelException.of(kind, "no.").status(status).build();
        };
    }

    @Test
    void respond_streamsThatBreak_areRetriedAndWhatTheyToldIsVoid() throws Exception {
        Item said = Item.of(Replies.bytes(Events.message("He")));
        Told told = new Told();
        Model model = POLICY.around(
                new Script(failure(Kind.TRANSPORT, 200, said), failure(Kind.SERVER, 200, said), answer("Hello")));

        ModelResponse response = model.respond(PROMPT, told);

        assertThat(told.items).isEqualTo(response.items());
        assertThat(told.events)
                .containsExactly(
                        "TEXT He", "item message", "retry 1", "TEXT He", "item message", "retry 2", "item message");
    }

    @Test
    void respond_callTold_isNeverRetried() {
        Item call = Item.functionCall("call_1", "look", "{}");
        Model model = POLICY.around(new Script(failure(Kind.TRANSPORT, 200, call), answer("no")));

        assertThatThrownBy(() -> model.respond(PROMPT, new Told()))
                .isInstanceOfSatisfying(
                        ModelException.class, e -> assertThat(e.retryable()).isTrue())
                .hasMessage("no.");
    }

    @Test
    void respond_budgetsUsedUp_saysHowOftenItTried() {
        Model model = POLICY.around(new Script(
                failure(Kind.TRANSPORT, 200),
                failure(Kind.SERVER, 500),
                failure(Kind.TRANSPORT, 200),
                failure(Kind.SERVER, 500)));

        assertThatThrownBy(() -> model.respond(PROMPT, new Told()))
                .isInstanceOfSatisfying(ModelException.class, e -> {
                    assertThat(e.kind()).isEqualTo(Kind.SERVER);
                    assertThat(e.status()).isEqualTo(500);
                })
                .hasMessage("no. Given up after 4 tries.");
    }

    private static Step asking(Duration wait) {
        return listener -> {
            throw ModelException.of(Kind.RATE_LIMIT, "slow.").retryAfter(wait).build();
        };
    }

    @Test
    void respond_waitAskedFor_isKept() throws Exception {
        Told told = new Told();
        Model model = POLICY.around(new Script(asking(Duration.ofMillis(40)), answer("Hello")));

        model.respond(PROMPT, told);

        assertThat(told.waits).hasSize(1);
        assertThat(told.waits.get(0)).isBetween(Duration.ofMillis(40), Duration.ofMillis(44));
    }

    @Test
    void respond_longerWaitThanAllowed_saysBothAndTheSetting() {
        Model model = POLICY.withMaxAskedDelay(Duration.ofMillis(8_500))
                .around(new Script(failure(Kind.TRANSPORT, 200), asking(Duration.ofSeconds(9))));

        assertThatThrownBy(() -> model.respond(PROMPT, new Told()))
                .isInstanceOfSatisfying(ModelException.class, e -> {
                    assertThat(e.kind()).isEqualTo(Kind.RATE_LIMIT);
                    assertThat(e.retryAfter()).contains(Duration.ofSeconds(9));
                })
                .hasMessage("slow. The server asks for a wait of 9 s, but RetryPolicy.maxAskedDelay allows 8500 ms: not"
                        + " tried again. Given up after 2 tries.");
    }

    @Test
    void respond_notRetryable_isThrownAsItIs() {
        ModelException empty = ModelException.of(Kind.QUOTA, "empty")
                .retryAfter(Duration.ofDays(9))
                .build();
        Model model = POLICY.around(new Script(listener -> {
            throw empty;
        }));

        assertThatThrownBy(() -> model.respond(PROMPT, new Told())).isSameAs(empty);
    }

    @Test
    void respond_interruptedWhileItWaits_ends() {
        Model model = new RetryPolicy(1, 1, Duration.ofHours(1), Duration.ofHours(1))
                .around(new Script(failure(Kind.SERVER, 500)));
        Model.Listener interrupts = new Model.Listener() {
            @Override
            public void onRetry(int attempt, Duration wait, ModelException cause) {
                Thread.currentThread().interrupt();
            }
        };

        assertThatThrownBy(() -> model.respond(PROMPT, interrupts)).isInstanceOf(InterruptedException.class);
    }
}
