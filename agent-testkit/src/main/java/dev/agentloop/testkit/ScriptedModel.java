package dev.agentloop.testkit;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import dev.agentloop.testkit.internal.request.PairingRules;
import dev.agentloop.testkit.internal.response.ResponseScript;
import dev.agentloop.testkit.internal.response.ResponseScript.How;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A model without a model: it answers from a script, one answer for each prompt, in the order in which prompts come. What
 * it says was written by whoever wrote the test.
 *
 * <p>Each prompt is kept, and held against the pairing rules of the Responses API: each call has one output, each output
 * its call, and reasoning is followed by the item that it led to. A prompt that breaks them, or one too many, is an
 * {@link AssertionError} that the run throws. Thread-safe.
 */
public final class ScriptedModel implements Model {
    private static final int PIECE = 24;

    private final PromptSettings settings;
    private final Deque<Function<Prompt, ScriptedResponse>> script;
    private final @Nullable Function<Prompt, ScriptedResponse> otherwise;
    private final @Nullable CacheSimulator cache;
    private final int length;
    private final List<Prompt> prompts = new ArrayList<>();
    private PairingRules rules = new PairingRules();

    private ScriptedModel(Builder builder) {
        this.settings = builder.settings;
        this.script = new ArrayDeque<>(builder.answers);
        this.otherwise = builder.otherwise;
        this.cache = builder.cache;
        this.length = script.size();
    }

    /** A model that gives these responses in order. */
    public static ScriptedModel answering(ScriptedResponse... responses) {
        return builder().answer(responses).build();
    }

    /** A builder with an empty script, for a model named {@code scripted} that reasons. */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public PromptSettings settings() {
        return settings;
    }

    /** The prompts so far, in order. */
    public List<Prompt> prompts() {
        synchronized (prompts) {
            return List.copyOf(prompts);
        }
    }

    /** The last prompt; there must have been one. */
    public Prompt lastPrompt() {
        List<Prompt> all = prompts();
        if (all.isEmpty()) {
            throw new AssertionError("the scripted model was not asked yet");
        }
        return all.get(all.size() - 1);
    }

    /** How many answers of the script were not asked for. */
    public int unused() {
        synchronized (prompts) {
            return script.size();
        }
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        Function<Prompt, ScriptedResponse> answer;
        int number;
        Usage usual;
        synchronized (prompts) {
            Prompt before = prompts.isEmpty() ? null : prompts.get(prompts.size() - 1);
            boolean grown = before != null && prompt.startsWith(before);
            prompts.add(prompt);
            number = prompts.size();
            usual = cache != null
                    ? cache.next(prompt)
                    : Usage.reported(prompt.length() / 4, before != null && grown ? before.length() / 4 : 0, 0, 0, 0);
            check(prompt, before != null && grown ? before.size() : 0, number);
            answer = next(number);
        }
        // Outside of the lock: a function of the test's may wait for another prompt.
        return new Telling(answer.apply(prompt).script(), number, usual, listener).tell();
    }

    private void check(Prompt prompt, int known, int number) {
        if (known == 0) {
            rules = new PairingRules();
        }
        for (Item item : prompt.items().subList(known, prompt.size())) {
            rules.accept(PairingRules.fields(item));
        }
        List<String> problems = rules.problems();
        if (!problems.isEmpty()) {
            throw new AssertionError("prompt " + number + " would be refused by the Responses API: "
                    + String.join("; ", problems) + "\n" + PromptSnapshot.of(prompt));
        }
    }

    private Function<Prompt, ScriptedResponse> next(int number) {
        Function<Prompt, ScriptedResponse> answer = script.isEmpty() ? otherwise : script.poll();
        if (answer == null) {
            throw new AssertionError("the script of " + length + " answers has ended, and prompt " + number
                    + " came; add an answer, or look why there was another step");
        }
        return answer;
    }

    /** Hands one response over to one listener. */
    private record Telling(ResponseScript response, int number, Usage usual, Listener listener) {

        ModelResponse tell() throws InterruptedException {
            List<Item> items = new ArrayList<>();
            for (ResponseScript.Step step : response.steps()) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (step instanceof ResponseScript.Pause pause) {
                    pause.latch().await();
                } else if (step instanceof ResponseScript.Made made) {
                    tellDeltas(made);
                    tell(items, made.json(made.idPrefix() + number + "_" + items.size()));
                } else if (step instanceof ResponseScript.Raw raw) {
                    tell(items, raw.json().getBytes(StandardCharsets.UTF_8));
                }
            }
            return end(items);
        }

        private void tellDeltas(ResponseScript.Made made) {
            DeltaKind kind = switch (made.type()) {
                case "message" -> DeltaKind.TEXT;
                case "reasoning" -> DeltaKind.REASONING;
                default -> DeltaKind.ARGUMENTS;
            };
            for (String piece : made.pieces(PIECE)) {
                listener.onDelta(kind, piece);
            }
        }

        private void tell(List<Item> items, byte[] json) {
            Item.received(json).ifPresent(item -> {
                items.add(item);
                listener.onItem(item);
            });
        }

        private ModelResponse end(List<Item> items) throws InterruptedException {
            if (response.ending().how() == How.SILENT) {
                new CountDownLatch(1).await();
            }
            if (response.ending().how() == How.BROKEN) {
                throw ModelException.of(
                                ModelException.Kind.TRANSPORT, "the scripted response broke off, as its script says")
                        .build();
            }
            if (response.ending().how() == How.FAILED || response.ending().how() == How.ERROR) {
                throw response.failure();
            }
            long written =
                    items.stream().mapToLong(item -> item.bytes().remaining()).sum();
            Usage reported = response.usage();
            return new ModelResponse(
                    "resp_" + number,
                    items,
                    reported != null ? reported : usual.plus(Usage.reported(0, 0, 0, written / 4, 0)),
                    response.ending().how() == How.INCOMPLETE
                            ? response.ending().reason()
                            : null,
                    response.ending().endTurn());
        }
    }

    /** Collects a script; not thread-safe. */
    public static final class Builder {
        private PromptSettings settings =
                PromptSettings.of("scripted").reasoning(true).build();
        private final List<Function<Prompt, ScriptedResponse>> answers = new ArrayList<>();
        private @Nullable Function<Prompt, ScriptedResponse> otherwise;
        private @Nullable CacheSimulator cache;

        private Builder() {}

        /** The request settings that the model gives. */
        public Builder settings(PromptSettings value) {
            this.settings = value;
            return this;
        }

        /** Answers the next prompts with these responses. */
        public Builder answer(ScriptedResponse... responses) {
            for (ScriptedResponse response : responses) {
                answers.add(prompt -> response);
            }
            return this;
        }

        /** Answers the next prompt with what the function makes of it. */
        public Builder answer(Function<Prompt, ScriptedResponse> function) {
            answers.add(function);
            return this;
        }

        /** Answers the next prompt by throwing this. */
        public Builder fail(ModelException failure) {
            answers.add(prompt -> {
                throw failure;
            });
            return this;
        }

        /** Answers all prompts behind the end of the script; the function is called by many threads at once. */
        public Builder otherwise(Function<Prompt, ScriptedResponse> function) {
            this.otherwise = function;
            return this;
        }

        /** Has the input tokens of each response counted by a simulated cache, where the script does not say them. */
        public Builder cache(CacheSimulator simulator) {
            this.cache = simulator;
            return this;
        }

        /** The model. */
        public ScriptedModel build() {
            return new ScriptedModel(this);
        }
    }
}
