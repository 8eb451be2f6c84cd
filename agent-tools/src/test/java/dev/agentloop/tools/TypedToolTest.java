package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.agentloop.Tool;
import dev.agentloop.Tool.Access;
import dev.agentloop.Tool.AfterCrash;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.io.FileNotFoundException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.CharBuffer;
import java.time.Duration;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class TypedToolTest {
    private record Words(String text, int times) {}

    private static final ToolContext CONTEXT = new ToolContext() {
        @Override
        public String conversation() {
            return "c";
        }

        @Override
        public String callId() {
            return "1";
        }

        @Override
        public boolean cancelled() {
            return false;
        }

        @Override
        public void progress(String text) {}

        @Override
        public Map<String, String> attributes() {
            return Map.of();
        }

        @Override
        public Optional<String> fullOutput(String callId) {
            return Optional.empty();
        }
    };

    private static ToolCall call(String arguments) {
        return ToolCall.function("1", "repeat", arguments);
    }

    private static TypedTool<Words> returning(@Nullable Object result) {
        return TypedTool.of("repeat", "Repeats words", Words.class, (words, context) -> result);
    }

    @Test
    void specification_ofStrictTool_isDerivedFromTheRecord() {
        assertThat(returning("").specification())
                .isEqualTo(new Tool.Specification(
                        "repeat",
                        "Repeats words",
                        "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"},"
                                + "\"times\":{\"type\":\"integer\"}},\"required\":[\"text\",\"times\"],"
                                + "\"additionalProperties\":false}",
                        true,
                        null));
    }

    @Test
    void specification_ofLenientTool_isNotStrict() {
        Tool tool = TypedTool.lenient("send", "Sends", TypedZoo.Headers.class, (headers, context) -> "");

        assertThat(tool.specification().strict()).isFalse();
        assertThat(tool.specification().parameters())
                .isEqualTo(new RecordType<>(TypedZoo.Headers.class, false).schema());
    }

    @Test
    void call_givesTheFunctionItsRecordAndContext() throws Exception {
        TypedTool<Words> tool = TypedTool.of(
                "repeat",
                "Repeats words",
                Words.class,
                (words, context) -> words.text().repeat(words.times()) + " in " + context.conversation());

        assertThat(tool.call(call("{\"text\":\"ab\",\"times\":2}"), CONTEXT)).isEqualTo(ToolOutput.text("abab in c"));
    }

    /** The example of the class's documentation. */
    @Test
    void call_ofDocumentedExample_works() throws Exception {
        enum Unit {
            CELSIUS,
            FAHRENHEIT
        }
        record Forecast(@Description("a city, in English") String city, Optional<Unit> unit) {}
        interface Weather {
            String tomorrow(String city, Unit unit);
        }
        Weather weather = (city, unit) -> "20 degrees " + unit + " in " + city;

        Tool tool = TypedTool.of(
                "forecast",
                "Tells tomorrow's weather",
                Forecast.class,
                (forecast, context) ->
                        weather.tomorrow(forecast.city(), forecast.unit().orElse(Unit.CELSIUS)));

        assertThat(tool.call(call("{\"city\":\"Rome\",\"unit\":null}"), CONTEXT))
                .isEqualTo(ToolOutput.text("20 degrees CELSIUS in Rome"));
    }

    @Test
    void call_withWrongArguments_tellsTheModelAndRunsNothing() throws Exception {
        AtomicInteger runs = new AtomicInteger();
        TypedTool<Words> tool =
                TypedTool.of("repeat", "Repeats words", Words.class, (words, context) -> runs.incrementAndGet());

        assertThat(tool.call(call("{\"text\":\"a\"}"), CONTEXT))
                .isEqualTo(ToolOutput.error("failed to parse function arguments: missing field `times`"));
        assertThat(tool.call(call("{\"text\":\"a"), CONTEXT))
                .isEqualTo(ToolOutput.error(
                        "failed to parse function arguments: the JSON ends too early at line 1 column 11"));
        assertThat(tool.call(call(""), CONTEXT))
                .isEqualTo(ToolOutput.error("failed to parse function arguments: missing fields `text`, `times`"));
        assertThat(runs).hasValue(0);
    }

    @Test
    void call_ofToolWithoutParameters_takesNoTextForNone() throws Exception {
        Tool tool = TypedTool.of("time", "Tells the time", TypedZoo.Nothing.class, (nothing, context) -> "now");

        assertThat(tool.call(call(""), CONTEXT)).isEqualTo(ToolOutput.text("now"));
        assertThat(tool.call(call("{}"), CONTEXT)).isEqualTo(ToolOutput.text("now"));
    }

    @Test
    void call_whereFunctionThrows_throwsTheSame() {
        FileNotFoundException failure = new FileNotFoundException("no such word");
        TypedTool<Words> tool = TypedTool.of("repeat", "Repeats words", Words.class, (words, context) -> {
            throw failure;
        });

        assertThatThrownBy(() -> tool.call(call("{\"text\":\"a\",\"times\":1}"), CONTEXT))
                .isSameAs(failure);
    }

    @ParameterizedTest(name = "{index}: {1}")
    @MethodSource
    void result_isWrittenOnce(Object result, String text) throws Exception {
        assertThat(returning(result).call(call("{\"text\":\"a\",\"times\":1}"), CONTEXT))
                .isEqualTo(ToolOutput.text(text));
    }

    private record Reply(String text, TypedZoo.Figure figure, TypedZoo.Circle circle, Optional<Integer> left) {}

    private record Named(String type) implements Names {}

    private sealed interface Names permits Named {}

    static Stream<Arguments> result_isWrittenOnce() {
        Map<Object, Object> map = new LinkedHashMap<>();
        map.put(TypedZoo.Unit.CELSIUS, 1);
        map.put("b", null);
        return Stream.of(
                arguments("a \"text\"\n", "a \"text\"\n"),
                arguments("{\"a\":1}", "{\"a\":1}"),
                arguments(CharBuffer.wrap("built"), "built"),
                arguments(null, "ok"),
                arguments(
                        new Reply("é\"\u2028", new TypedZoo.Circle(1), new TypedZoo.Circle(0.1), Optional.empty()),
                        "{\"text\":\"é\\\"\u2028\",\"figure\":{\"type\":\"Circle\",\"radius\":1.0},"
                                + "\"circle\":{\"radius\":0.1},\"left\":null}"),
                arguments(new TypedZoo.Square(2), "{\"type\":\"Square\",\"side\":2.0}"),
                arguments(new Named("own"), "{\"type\":\"own\"}"),
                arguments(List.of(new TypedZoo.Square(2), "x", 3), "[{\"type\":\"Square\",\"side\":2.0},\"x\",3]"),
                arguments(Arrays.asList("a", null), "[\"a\",null]"),
                arguments(map, "{\"CELSIUS\":1,\"b\":null}"),
                arguments(new int[] {1, 2}, "[1,2]"),
                arguments(new String[][] {{"a"}, {}}, "[[\"a\"],[]]"),
                arguments(42, "42"),
                arguments(true, "true"),
                arguments('c', "\"c\""),
                arguments(TypedZoo.Unit.CELSIUS, "\"CELSIUS\""),
                arguments(OptionalInt.of(7), "7"),
                arguments(Optional.of("x"), "\"x\""),
                arguments(new BigInteger("12345678901234567890"), "12345678901234567890"),
                arguments(new BigDecimal("1.10"), "1.10"),
                arguments(2.0E-3, "0.002"),
                arguments(2e23, "2.0E23"),
                arguments(1.1f, "1.1"),
                arguments(Double.NaN, "\"NaN\""),
                arguments(LocalTime.of(10, 0), "\"10:00:00\""),
                arguments(OffsetDateTime.parse("2026-01-31T10:00Z"), "\"2026-01-31T10:00:00Z\""),
                arguments(new UUID(0, 1), "\"00000000-0000-0000-0000-000000000001\""),
                arguments(JsonNodeFactory.instance.objectNode().put("a", 1), "{\"a\":1}"));
    }

    @Test
    void result_thatIsAnOutput_isPassedOn() throws Exception {
        ToolOutput output = new ToolOutput(List.of(new ToolOutput.Image("data:,", "auto")), false);

        assertThat(returning(output).call(call("{\"text\":\"a\",\"times\":1}"), CONTEXT))
                .isSameAs(output);
    }

    @Test
    void result_withoutJsonForm_isRefusedByName() {
        assertThatThrownBy(() ->
                        returning(List.of(Thread.currentThread())).call(call("{\"text\":\"a\",\"times\":1}"), CONTEXT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the tool ran, but its result holds a java.lang.Thread, which has no JSON form here:"
                        + " return a record, a String or a ToolOutput");
    }

    @Test
    void result_thatContainsItself_isRefusedAndNotAnOverflow() {
        List<Object> endless = new ArrayList<>();
        endless.add(endless);

        assertThatThrownBy(() -> returning(endless).call(call("{\"text\":\"a\",\"times\":1}"), CONTEXT))
                .hasMessageContaining("nesting depth (1001) exceeds the maximum allowed (1000");
    }

    @Test
    void conduct_whereNothingIsSaid_isThatOfTheInterface() {
        TypedTool<Words> tool = returning("");
        ToolCall call = call("{}");

        assertThat(tool.access(call)).isEqualTo(Access.WRITES);
        assertThat(tool.afterCrash(call)).isEqualTo(AfterCrash.REPORT);
        assertThat(tool.timeout()).isNull();
        assertThat(tool.outputTokens()).isEqualTo(10_000);
    }

    @Test
    void conduct_whereSaid_isThatOfTheCopyOnly() {
        TypedTool<Words> plain = returning("");
        TypedTool<Words> tool = plain.withAccess(Access.READS)
                .withAfterCrash(AfterCrash.RUN_AGAIN)
                .withTimeout(Duration.ofSeconds(3))
                .withOutputTokens(500);
        ToolCall call = call("{}");

        assertThat(tool.access(call)).isEqualTo(Access.READS);
        assertThat(tool.afterCrash(call)).isEqualTo(AfterCrash.RUN_AGAIN);
        assertThat(tool.timeout()).isEqualTo(Duration.ofSeconds(3));
        assertThat(tool.outputTokens()).isEqualTo(500);
        assertThat(tool.specification()).isSameAs(plain.specification());
        assertThat(plain.access(call)).isEqualTo(Access.WRITES);
    }

    @Test
    void conduct_outOfBounds_isRefused() {
        assertThatThrownBy(() -> returning("").withTimeout(Duration.ZERO))
                .hasMessage("TypedTool.timeout must be from 1 ms to 365 days, but is PT0S");
        assertThatThrownBy(() -> returning("").withOutputTokens(0))
                .hasMessage("an output needs at least 1 token, but is given 0");
    }
}
