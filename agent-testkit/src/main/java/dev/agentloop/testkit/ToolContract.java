package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.internal.request.StrictSchema;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/** What every {@link Tool} must do. A tool's test extends this class and gives the tool and calls of it. */
@Timeout(120)
public abstract class ToolContract {
    private static final int SECONDS = 20;
    private static final int AT_ONCE = 8;

    /** A suite; JUnit makes one for each test. */
    protected ToolContract() {}

    /** The tool; a new one or the same one, but always for the same place. */
    protected abstract Tool tool() throws Exception;

    /**
     * The arguments of a call that succeeds, JSON or, for a tool with a grammar, the raw text.
     *
     * @param number differs from call to call, for tools that can do a thing only once
     */
    protected abstract String goodArguments(int number) throws Exception;

    /** The arguments of a call that goes on until it is interrupted; empty for a tool that is always quick. */
    protected Optional<String> slowArguments() {
        return Optional.empty();
    }

    /** What a call may know and say; {@code progress} takes what it says. */
    protected ToolContext context(String callId, List<String> progress) {
        return new RecordingContext(callId, progress);
    }

    private ToolCall call(Tool tool, String callId, String arguments) {
        Tool.Specification specification = tool.specification();
        return specification.grammar() == null
                ? ToolCall.function(callId, specification.name(), arguments)
                : ToolCall.custom(callId, specification.name(), arguments);
    }

    @Test
    void specification_isAlwaysTheSame() throws Exception {
        Tool tool = tool();
        assertThat(tool.specification()).isEqualTo(tool.specification());
        assertThat(tool().specification()).isEqualTo(tool.specification());
        assertThat(tool.specification().description()).isNotBlank();
    }

    @Test
    void specification_canBeDeclared() throws Exception {
        Toolbox toolbox = Toolbox.of(List.of(tool()));
        assertThat(toolbox.json(false)).isEqualTo(toolbox.json(false)).doesNotContain("\n");
        Tool.Grammar grammar = tool().specification().grammar();
        if (grammar != null) {
            assertThat(grammar.syntax()).isIn("lark", "regex");
            assertThat(grammar.definition()).isNotBlank();
            assertThat(toolbox.json(true)).contains("\"type\":\"custom\"");
        }
    }

    @Test
    void schema_isAnObjectAndStrictWhereItSaysSo() throws Exception {
        Tool.Specification specification = tool().specification();
        JsonFields schema = JsonFields.of(specification.parameters().getBytes(StandardCharsets.UTF_8));
        assertThat(schema.text("type")).as("the type of the arguments").isEqualTo("object");
        if (specification.strict()) {
            List<String> violations = new ArrayList<>();
            StrictSchema.check("", schema, violations);
            assertThat(violations).as("what strict mode refuses").isEmpty();
        }
    }

    @Test
    void goodCall_succeeds() throws Exception {
        Tool tool = tool();
        ToolCall call = call(tool, "call_1", goodArguments(1));
        ToolOutput output = tool.call(call, context("call_1", new ArrayList<>()));
        assertThat(output.error()).as(output.text()).isFalse();
        assertThat(output.item(call).json()).contains("\"call_id\":\"call_1\"");
    }

    @Test
    void accessAndAfterCrash_doNotChange() throws Exception {
        Tool tool = tool();
        ToolCall call = call(tool, "call_1", goodArguments(1));
        assertThat(tool.access(call)).isEqualTo(tool.access(call));
        assertThat(tool.afterCrash(call)).isEqualTo(tool.afterCrash(call));
        assertThat(tool.outputTokens()).isPositive();
    }

    /** An approval holds only as long as the place is the same. */
    @Test
    void place_isTheSameEachTime() throws Exception {
        Tool tool = tool();
        ToolCall call = call(tool, "call_1", goodArguments(1));
        assertThat(tool.place(call)).isNotNull().isEqualTo(tool.place(call));
    }

    /** Who allows what the tool proposes must not be asked about the very call again. */
    @Test
    void rule_allowsItsOwnCall_andOtherTextsDoNot() throws Exception {
        Tool tool = tool();
        ToolCall call = call(tool, "call_1", goodArguments(1));
        tool.rule(call)
                .ifPresent(
                        rule -> assertThat(tool.allowedBy(List.of(rule), call)).isTrue());
        assertThat(tool.allowedBy(List.of("", "no rule of this tool"), call)).isFalse();
    }

    @TestFactory
    Stream<DynamicTest> badArguments_areAnsweredInWords() throws Exception {
        boolean custom = tool().specification().grammar() != null;
        Stream<String> bad = Stream.of(
                "",
                "{",
                "null",
                "[]",
                "7",
                "\"text\"",
                "{\"no_such_argument\":{\"a\":[1]}}",
                "\u0000\ud83d\ude00",
                "{}x");
        return bad.map(arguments -> dynamicTest(
                "\"" + arguments + "\"", () -> isAnswered(arguments, !custom && !arguments.startsWith("{\""))));
    }

    // What a tool throws goes to the model by its message, so that is an answer, too. An Error is none.
    private void isAnswered(String arguments, boolean certainlyWrong) throws Exception {
        Tool tool = tool();
        ToolCall call = call(tool, "call_1", arguments);
        try {
            ToolOutput output = tool.call(call, context("call_1", new ArrayList<>()));
            assertThat(output.text()).as("an answer").isNotBlank();
            assertThat(output.error() || !certainlyWrong)
                    .as("no JSON object was accepted: %s", output.text())
                    .isTrue();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            assertThat(e.getMessage()).as("the message of %s", e.getClass()).isNotBlank();
        }
    }

    @Test
    void interrupt_endsASlowCall() throws Exception {
        Optional<String> arguments = slowArguments();
        if (arguments.isEmpty()) {
            return;
        }
        Tool tool = tool();
        CountDownLatch said = new CountDownLatch(1);
        List<String> progress = new Announcing(said);
        FutureTask<Throwable> ended = new FutureTask<>(() -> {
            try {
                tool.call(call(tool, "call_1", arguments.get()), context("call_1", progress));
                return new IllegalStateException("it returned, which is well");
            } catch (Exception e) {
                return e;
            }
        });
        Thread thread = new Thread(ended);
        thread.start();
        // A tool that says nothing is interrupted wherever it is by then.
        assertThat(said.await(500, TimeUnit.MILLISECONDS) || !ended.isDone())
                .as("the call goes on until it is interrupted")
                .isTrue();
        thread.interrupt();
        assertThat(ended).as("a call after its interrupt").succeedsWithin(longestAfterInterrupt());
    }

    // The loop abandons a call two seconds after it was interrupted; a busy machine is allowed more.
    Duration longestAfterInterrupt() {
        return Duration.ofSeconds(SECONDS);
    }

    /** A list that tells when something is added. */
    private static final class Announcing extends java.util.AbstractList<String> {
        private final CountDownLatch said;

        Announcing(CountDownLatch said) {
            this.said = said;
        }

        @Override
        public void add(int index, String text) {
            said.countDown();
        }

        @Override
        public String get(int index) {
            throw new IndexOutOfBoundsException(index);
        }

        @Override
        public int size() {
            return 0;
        }
    }

    @Test
    void manyCallsAtOnce_allSucceed() throws Exception {
        Tool tool = tool();
        ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Callable<ToolOutput>> calls = new ArrayList<>();
            for (int i = 1; i <= AT_ONCE; i++) {
                String callId = "call_" + i;
                ToolCall call = call(tool, callId, goodArguments(i));
                calls.add(() -> tool.call(call, context(callId, new ArrayList<>())));
            }
            for (Future<ToolOutput> output : threads.invokeAll(calls, SECONDS, TimeUnit.SECONDS)) {
                assertThat(output.get().error()).as(output.get().text()).isFalse();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** A context without a loop around it; what the tool says goes into a list. */
    private record RecordingContext(String callId, List<String> said) implements ToolContext {
        @Override
        public String conversation() {
            return "0199a000-0000-7000-8000-000000000000";
        }

        @Override
        public boolean cancelled() {
            return Thread.currentThread().isInterrupted();
        }

        @Override
        public void progress(String text) {
            synchronized (said) {
                said.add(text);
            }
        }

        @Override
        public Map<String, String> attributes() {
            return Map.of();
        }

        @Override
        public Optional<String> fullOutput(String call) {
            return Optional.empty();
        }
    }
}
