package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The contract suite of models catches models that are broken on purpose, each in one way. */
class BrokenModelsTest {
    private static UnaryOperator<Model> breaking = UnaryOperator.identity();

    /** The suite, on a scripted model that is broken in the way of the moment. */
    static final class Suite extends ModelContract {
        @Override
        protected Model answering(ScriptedResponse... script) {
            return breaking.apply(ScriptedModel.answering(script));
        }
    }

    private interface Respond {
        ModelResponse respond(Model model, Prompt prompt, Model.Listener listener) throws InterruptedException;
    }

    private static UnaryOperator<Model> responding(Respond body) {
        return model -> new Model() {
            @Override
            public PromptSettings settings() {
                return model.settings();
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
                return body.respond(model, prompt, listener);
            }
        };
    }

    private static ModelResponse with(ModelResponse response, List<Item> items, Usage usage) {
        return new ModelResponse(response.id(), items, usage, response.incomplete(), response.endTurn());
    }

    private static UnaryOperator<Model> withOtherSettingsEachTime() {
        AtomicInteger count = new AtomicInteger();
        return model -> new Model() {
            @Override
            public PromptSettings settings() {
                return PromptSettings.of("m" + count.incrementAndGet()).build();
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
                return model.respond(prompt, listener);
            }
        };
    }

    private static ModelResponse tellingTwice(Model model, Prompt prompt, Model.Listener listener)
            throws InterruptedException {
        ModelResponse response = model.respond(prompt, listener);
        response.items().forEach(listener::onItem);
        return response;
    }

    private static ModelResponse onAnotherThread(Model model, Prompt prompt, Model.Listener listener)
            throws InterruptedException {
        ModelResponse response = model.respond(prompt, Model.Listener.NONE);
        Thread thread = new Thread(() -> response.items().forEach(listener::onItem));
        thread.start();
        thread.join();
        return response;
    }

    private static ModelResponse swallowingInterrupts(Model model, Prompt prompt, Model.Listener listener) {
        try {
            return model.respond(prompt, listener);
        } catch (InterruptedException e) {
            return ModelResponse.of(List.of(), Usage.NONE);
        }
    }

    private static ModelResponse turnedRound(Model model, Prompt prompt, Model.Listener listener)
            throws InterruptedException {
        ModelResponse response = model.respond(prompt, listener);
        List<Item> items = new ArrayList<>(response.items());
        Collections.reverse(items);
        return with(response, items, response.usage());
    }

    private static ModelResponse withoutUsage(Model model, Prompt prompt, Model.Listener listener)
            throws InterruptedException {
        ModelResponse response = model.respond(prompt, listener);
        return with(response, response.items(), Usage.NONE);
    }

    private static ModelResponse withArgumentsTidied(Model model, Prompt prompt, Model.Listener listener)
            throws InterruptedException {
        ModelResponse response = model.respond(prompt, listener);
        List<Item> items = response.items().stream()
                .map(item -> item instanceof Item.Call call && !call.custom()
                        ? Item.functionCall(
                                call.callId(), call.name(), call.arguments().replace(" ", ""))
                        : item)
                .toList();
        return with(response, items, response.usage());
    }

    private static ModelResponse takingAllFailuresForTransport(Model model, Prompt prompt, Model.Listener listener)
            throws InterruptedException {
        try {
            return model.respond(prompt, listener);
        } catch (ModelException e) {
            throw ModelException.of(ModelException.Kind.TRANSPORT, String.valueOf(e.getMessage()))
                    .code(e.code())
                    .build();
        }
    }

    private static ModelResponse takingABreakForTheEnd(Model model, Prompt prompt, Model.Listener listener)
            throws InterruptedException {
        try {
            return model.respond(prompt, listener);
        } catch (ModelException e) {
            return ModelResponse.of(List.of(), Usage.NONE);
        }
    }

    @TestFactory
    Stream<DynamicTest> suite_catches() {
        return Map.<String, UnaryOperator<Model>>of(
                        "settings_areAlwaysTheSame", withOtherSettingsEachTime(),
                        "listener_isToldEachItemOnceAndInOrderOnTheCallersThread",
                                responding(BrokenModelsTest::tellingTwice),
                        "deltas_addUpToWhatTheItemsSay",
                                responding((model, prompt, listener) -> {
                                    listener.onDelta(Model.DeltaKind.TEXT, "void");
                                    return model.respond(prompt, listener);
                                }),
                        "interrupt_endsAResponseThatHasFallenSilent",
                                responding(BrokenModelsTest::swallowingInterrupts),
                        "respond_givesTheItemsInOrder", responding(BrokenModelsTest::turnedRound),
                        "usage_isTheOneThatWasReported", responding(BrokenModelsTest::withoutUsage),
                        "failure_hasTheKindThatDecidesWhatIsDone",
                                responding(BrokenModelsTest::takingAllFailuresForTransport),
                        "brokenResponse_isRetryableAndItsItemsWereTold",
                                responding(BrokenModelsTest::takingABreakForTheEnd))
                .entrySet()
                .stream()
                .map(row -> dynamicTest(row.getKey(), () -> isCaught(row.getKey(), row.getValue())));
    }

    @TestFactory
    Stream<DynamicTest> suite_catchesToo() {
        return Map.<String, UnaryOperator<Model>>of(
                        "listener_isToldEachItemOnceAndInOrderOnTheCallersThread",
                                responding(BrokenModelsTest::onAnotherThread),
                        "respond_givesTheItemsInOrder", responding(BrokenModelsTest::withArgumentsTidied))
                .entrySet()
                .stream()
                .map(row -> dynamicTest(row.getKey(), () -> isCaught(row.getKey(), row.getValue())));
    }

    private static void isCaught(String test, UnaryOperator<Model> broken) {
        breaking = broken;
        assertThat(SuiteRun.failed(Suite.class, List.of(test))).containsExactly(test);
        breaking = UnaryOperator.identity();
    }
}
