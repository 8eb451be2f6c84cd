package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelException.Kind;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * What every {@link Model} must do. A model's test extends this class and says how to have the model answer by a script; a
 * client of an API puts a {@link ScriptedServer} behind it.
 */
@Timeout(120)
public abstract class ModelContract {
    private static final int SECONDS = 30;

    /** A suite; JUnit makes one for each test. */
    protected ModelContract() {}

    /**
     * A model that answers the prompts it is sent by this script, in order. It makes no second try of its own when an
     * answer fails. What the model needs is closed by the subclass after the test.
     */
    protected abstract Model answering(ScriptedResponse... script) throws Exception;

    /** A prompt of one message of the user's, with the model's own settings. */
    protected final Prompt prompt(Model model) {
        return Prompt.of(model.settings(), Toolbox.empty()).plus(List.of(Item.user("Go on.")));
    }

    /** Keeps what it is told, and by which thread. */
    private static final class Recorder implements Model.Listener {
        private final List<Item> items = new ArrayList<>();
        private final Map<Model.DeltaKind, StringBuilder> texts = new java.util.EnumMap<>(Model.DeltaKind.class);
        private final List<String> order = new ArrayList<>();
        private final List<Thread> threads = new ArrayList<>();

        @Override
        public void onItem(Item item) {
            items.add(item);
            order.add("item");
            threads.add(Thread.currentThread());
        }

        @Override
        public void onDelta(Model.DeltaKind kind, String text) {
            texts.computeIfAbsent(kind, k -> new StringBuilder()).append(text);
            order.add(kind.name());
            threads.add(Thread.currentThread());
        }
    }

    @Test
    void settings_areAlwaysTheSame() throws Exception {
        Model model = answering(ScriptedResponse.says("unused"));
        String head = Prompt.of(model.settings(), Toolbox.empty()).head();
        assertThat(Prompt.of(model.settings(), Toolbox.empty()).head()).isEqualTo(head);
        assertThat(model.settings().model()).isNotBlank();
    }

    @Test
    void respond_givesTheItemsInOrder() throws Exception {
        Model model = answering(ScriptedResponse.reasons("think first")
                .andSays("I look.")
                .andCalls("call_1", "read_file", "{ \"path\" : \"a\\u0000b\", \"n\":1e400 }")
                .andCallsCustom("call_2", "apply_patch", "*** Begin Patch\n+\u00fc\ud83d\ude00\n*** End Patch"));
        ModelResponse response = model.respond(prompt(model), Model.Listener.NONE);
        assertThat(response.items())
                .extracting(Item::type)
                .containsExactly("reasoning", "message", "function_call", "custom_tool_call");
        assertThat(((Item.Reasoning) response.items().get(0)).summary()).isEqualTo("think first");
        assertThat(response.text()).isEqualTo("I look.");
        assertThat(response.toolCalls()).hasSize(2);
        assertThat(response.toolCalls().get(0).arguments())
                .as("the model's own text")
                .isEqualTo("{ \"path\" : \"a\\u0000b\", \"n\":1e400 }");
        assertThat(response.toolCalls().get(1).arguments())
                .isEqualTo("*** Begin Patch\n+\u00fc\ud83d\ude00\n*** End Patch");
        assertThat(response.incomplete()).isNull();
        assertThat(response.endTurn()).isTrue();
    }

    @Test
    void items_comeInTheBytesThatGoBack() throws Exception {
        String unknown = "{\"type\":\"acme:thing\", \"id\":\"x_1\", \"odd\":[1e400,\"\\/\"],\"odd\":2}";
        Model model = answering(ScriptedResponse.says("I look.").andItem(unknown));
        ModelResponse response = model.respond(prompt(model), Model.Listener.NONE);
        assertThat(response.items().get(0).json()).doesNotContain("\"id\"");
        assertThat(response.items().get(1).json()).isEqualTo(unknown);
    }

    @Test
    void listener_isToldEachItemOnceAndInOrderOnTheCallersThread() throws Exception {
        Model model = answering(
                ScriptedResponse.reasons("think").andSays("I look.").andCalls("call_1", "read_file", "{\"a\":1}"));
        Recorder recorder = new Recorder();
        ModelResponse response = model.respond(prompt(model), recorder);
        assertThat(recorder.items).isEqualTo(response.items());
        assertThat(recorder.threads).containsOnly(Thread.currentThread());
    }

    @Test
    void deltas_addUpToWhatTheItemsSay() throws Exception {
        String text = "gr\u00fc\u00df dich \ud83d\ude00 ".repeat(50);
        Model model = answering(ScriptedResponse.reasons("think first")
                .andSays(text)
                .andCalls("call_1", "read_file", "{\"a\":\"\u4f60\"}"));
        Recorder recorder = new Recorder();
        model.respond(prompt(model), recorder);
        // A model that does not stream has none.
        recorder.texts.forEach((kind, told) -> assertThat(told.toString())
                .as("%s", kind)
                .isEqualTo(
                        switch (kind) {
                            case TEXT -> text;
                            case REASONING -> "think first";
                            case ARGUMENTS -> "{\"a\":\"\u4f60\"}";
                        }));
        assertThat(recorder.order).last().isEqualTo("item");
    }

    @Test
    void usage_isTheOneThatWasReported() throws Exception {
        Usage usage = Usage.reported(1_000, 800, 100, 50, 20);
        Model model = answering(ScriptedResponse.says("done").using(usage));
        assertThat(model.respond(prompt(model), Model.Listener.NONE).usage()).isEqualTo(usage);
    }

    @Test
    void refusalEmptinessAndSize_areKept() throws Exception {
        String large = "0123456789abcde\u00fc".repeat(128 * 1024);
        Model model = answering(
                ScriptedResponse.empty().andRefuses("I will not."),
                ScriptedResponse.empty(),
                ScriptedResponse.says(large),
                ScriptedResponse.says("half").andIsIncomplete("max_output_tokens"),
                ScriptedResponse.says("there is more").andGoesOn());
        Prompt prompt = prompt(model);
        assertThat(model.respond(prompt, Model.Listener.NONE).refusal()).contains("I will not.");
        assertThat(model.respond(prompt, Model.Listener.NONE).items()).isEmpty();
        assertThat(model.respond(prompt, Model.Listener.NONE).text()).isEqualTo(large);
        assertThat(model.respond(prompt, Model.Listener.NONE).incomplete()).isEqualTo("max_output_tokens");
        assertThat(model.respond(prompt, Model.Listener.NONE).endTurn()).isFalse();
    }

    @Test
    void brokenResponse_isRetryableAndItsItemsWereTold() throws Exception {
        Model model = answering(ScriptedResponse.says("I look.")
                .andCalls("call_1", "read_file", "{}")
                .andBreaks());
        Recorder recorder = new Recorder();
        ModelException broken = failure(model, recorder);
        assertThat(broken.kind()).isEqualTo(Kind.TRANSPORT);
        assertThat(broken.retryable()).isTrue();
        assertThat(recorder.items).extracting(Item::type).startsWith("message");
    }

    @TestFactory
    Stream<DynamicTest> failure_hasTheKindThatDecidesWhatIsDone() {
        return Map.of(
                        "server_error", Kind.SERVER,
                        "rate_limit_exceeded", Kind.RATE_LIMIT,
                        "server_is_overloaded", Kind.OVERLOADED,
                        "insufficient_quota", Kind.QUOTA,
                        "context_length_exceeded", Kind.CONTEXT_LENGTH,
                        "invalid_encrypted_content", Kind.INVALID_ENCRYPTED_CONTENT,
                        "cyber_policy", Kind.POLICY,
                        "invalid_prompt", Kind.POLICY,
                        "invalid_image", Kind.INVALID_IMAGE,
                        "a_code_of_tomorrow", Kind.SERVER)
                .entrySet()
                .stream()
                .sorted(Map.Entry.comparingByKey())
                .map(row -> dynamicTest(row.getKey(), () -> {
                    Model model = answering(ScriptedResponse.empty().andFails(row.getKey(), "it says why"));
                    ModelException failure = failure(model, Model.Listener.NONE);
                    assertThat(failure.kind()).isEqualTo(row.getValue());
                    assertThat(failure.code()).isEqualTo(row.getKey());
                    assertThat(failure.retryable())
                            .isEqualTo(ModelException.of(row.getValue(), "")
                                    .build()
                                    .retryable());
                    assertThat(failure).hasMessageContaining("it says why");
                }));
    }

    private ModelException failure(Model model, Model.Listener listener) {
        Throwable thrown = catchThrowable(() -> model.respond(prompt(model), listener));
        assertThat(thrown).isInstanceOf(ModelException.class);
        return (ModelException) thrown;
    }

    @Test
    void interrupt_endsAResponseThatHasFallenSilent() throws Exception {
        Model model = answering(ScriptedResponse.says("and then").andFallsSilent(), ScriptedResponse.says("next"));
        CountDownLatch told = new CountDownLatch(1);
        CompletableFuture<String> ended = new CompletableFuture<>();
        Thread thread = new Thread(() -> ended.complete(ending(model, new Model.Listener() {
            @Override
            public void onItem(Item item) {
                told.countDown();
            }
        })));
        thread.start();
        assertThat(told.await(SECONDS, TimeUnit.SECONDS))
                .as("the item was told")
                .isTrue();
        thread.interrupt();
        assertThat(ended.get(SECONDS, TimeUnit.SECONDS)).isEqualTo("InterruptedException");
        assertThat(model.respond(prompt(model), Model.Listener.NONE).text())
                .as("the model can go on")
                .isEqualTo("next");
    }

    @Test
    void interruptedThread_isNotAnswered() throws Exception {
        Model model = answering(ScriptedResponse.says("never"));
        CompletableFuture<String> ended = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            Thread.currentThread().interrupt();
            ended.complete(ending(model, Model.Listener.NONE));
        });
        thread.start();
        assertThat(ended.get(SECONDS, TimeUnit.SECONDS)).isEqualTo("InterruptedException");
    }

    private String ending(Model model, Model.Listener listener) {
        Throwable thrown = catchThrowable(() -> model.respond(prompt(model), listener));
        return thrown == null ? "a response" : thrown.getClass().getSimpleName();
    }

    @Test
    void manyThreads_getAnAnswerEach() throws Exception {
        int many = 16;
        ScriptedResponse[] script = IntStream.range(0, many)
                .mapToObj(i -> ScriptedResponse.says("answer " + i))
                .toArray(ScriptedResponse[]::new);
        Model model = answering(script);
        ExecutorService threads = Executors.newFixedThreadPool(many);
        try {
            List<Future<String>> futures = new ArrayList<>();
            for (int i = 0; i < many; i++) {
                futures.add(threads.submit(
                        () -> model.respond(prompt(model), Model.Listener.NONE).text()));
            }
            List<String> answers = new ArrayList<>();
            for (Future<String> future : futures) {
                answers.add(future.get(SECONDS, TimeUnit.SECONDS));
            }
            assertThat(answers)
                    .containsExactlyInAnyOrder(IntStream.range(0, many)
                            .mapToObj(i -> "answer " + i)
                            .toArray(String[]::new));
        } finally {
            threads.shutdownNow();
        }
    }
}
