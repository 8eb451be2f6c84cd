package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What no typed tool takes is refused when it is made, with the component, the type and what to use. */
@SuppressWarnings({"rawtypes", "ArrayRecordComponent", "NullablePrimitive"})
final class UnsupportedTypesTest {
    record Array(String[] x) {}

    record Bytes(List<byte[]> x) {}

    record Raw(List x) {}

    record Concrete(ArrayList<String> x) {}

    record ConcreteMap(HashMap<String, String> x) {}

    record Wild(List<? extends Number> x) {}

    record Anything(Object x) {}

    record Letter(char x) {}

    record Zoned(ZonedDateTime x) {}

    record Old(Optional<Date> x) {}

    record Plain(Thread x) {}

    record Open(Runnable x) {}

    record Box<T>(T value) {}

    record Boxed(Box<String> x) {}

    record RawBoxed(Box x) {}

    record Mapped(Map<String, String> x) {}

    record Keyed(Map<Integer, String> x) {}

    record Twice(Optional<Optional<String>> x) {}

    record NullInOptional(Optional<@Nullable String> x) {}

    record NullPrimitive(@Nullable int x) {}

    enum Empty {}

    record NoChoice(Empty x) {}

    sealed interface Tagged permits Tag {}

    record Tag(String type) implements Tagged {}

    record Tags(Tagged x) {}

    sealed interface Mixed permits Good, Bad {}

    record Good() implements Mixed {}

    enum Bad implements Mixed {
        ONE
    }

    record Mix(Mixed x) {}

    sealed interface Same permits A.Leaf, B.Leaf {}

    interface A {
        record Leaf() implements Same {}
    }

    interface B {
        record Leaf() implements Same {}
    }

    record Twins(Same x) {}

    sealed interface Holder permits GenericLeaf {}

    record GenericLeaf<T>(T value) implements Holder {}

    record Held(Holder x) {}

    record Endless(String name, Endless next) {}

    sealed interface Chain permits Link {}

    record Link(Chain next) implements Chain {}

    record Chained(Chain chain) {}

    record Nest(Set<List<Thread>> x) {}

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void tool_ofUnsupportedType_isRefused(Class<? extends Record> type, boolean strict, String message) {
        assertThatThrownBy(() -> new RecordType<>(type, strict))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message.replace("#", "dev.agentloop.tools.UnsupportedTypesTest$"));
    }

    static Stream<Arguments> tool_ofUnsupportedType_isRefused() {
        return Stream.concat(types(), Stream.concat(nulls(), families()));
    }

    private static Stream<Arguments> types() {
        return Stream.of(
                unsupported(Array.class, "java.lang.String[]: use a List"),
                arguments(
                        Bytes.class,
                        true,
                        "an element of component `x` of #Bytes has the unsupported type byte[]: use a List"),
                unsupported(Raw.class, "java.util.List: say what it holds, such as List<String>"),
                unsupported(Concrete.class, "java.util.ArrayList<java.lang.String>: use List or Set"),
                unsupported(ConcreteMap.class, "java.util.HashMap<java.lang.String, java.lang.String>: use Map"),
                arguments(
                        Wild.class,
                        true,
                        "an element of component `x` of #Wild has the unsupported type ? extends java.lang.Number:"
                                + " use a List for an array, and a concrete type for a type variable"),
                unsupported(Anything.class, "java.lang.Object: use a record"),
                unsupported(Letter.class, "char: use String"),
                unsupported(Zoned.class, "java.time.ZonedDateTime: use Instant or OffsetDateTime"),
                arguments(
                        Old.class,
                        true,
                        "the value of component `x` of #Old has the unsupported type java.util.Date:"
                                + " use Instant or OffsetDateTime"),
                unsupported(Plain.class, "java.lang.Thread: use a record"),
                unsupported(Open.class, "java.lang.Runnable: use a sealed interface of records"),
                unsupported(Boxed.class, "#Box<java.lang.String>: use a type without type parameters"),
                arguments(RawBoxed.class, true, "#Box has type parameters: declare a record without them for this use"),
                arguments(
                        Nest.class,
                        true,
                        "an element of an element of component `x` of #Nest has the unsupported type java.lang.Thread:"
                                + " use a record"));
    }

    private static Stream<Arguments> nulls() {
        return Stream.of(
                unsupported(
                        Mapped.class,
                        "java.util.Map<java.lang.String, java.lang.String>: strict mode has no maps, use a List of records"
                                + " or TypedTool.lenient"),
                arguments(
                        Keyed.class,
                        false,
                        "component `x` of #Keyed has the unsupported type"
                                + " java.util.Map<java.lang.Integer, java.lang.String>: the names in a JSON object are"
                                + " strings, use Map<String, …>"),
                unsupported(
                        Twice.class,
                        "java.util.Optional<java.util.Optional<java.lang.String>>: JSON has one null, not two,"
                                + " use one Optional"),
                unsupported(
                        NullInOptional.class,
                        "java.util.Optional<java.lang.String>: JSON has one null, not two, use one Optional"),
                unsupported(NullPrimitive.class, "int: a primitive cannot be null, use its box or an Optional"));
    }

    private static Stream<Arguments> families() {
        return Stream.of(
                arguments(
                        NoChoice.class,
                        true,
                        "component `x` of #NoChoice is of the enum #Empty, which has no constants"),
                arguments(
                        Tags.class,
                        true,
                        "component `type` of #Tag collides with the property that tells the records of a sealed interface"
                                + " apart: rename it"),
                arguments(
                        Mix.class,
                        true,
                        "#Mixed permits #Bad, which is neither a record nor a sealed interface: make it a record"),
                arguments(
                        Twins.class,
                        true,
                        "#Same permits two records named Leaf, #A$Leaf and #B$Leaf: the model tells them apart by that"
                                + " name, so rename one"),
                arguments(
                        Held.class,
                        true,
                        "#GenericLeaf has type parameters: declare a record without them for this use"),
                arguments(
                        Endless.class,
                        true,
                        "#Endless has no end: component `next` always holds another one."
                                + " Make it @Nullable, an Optional or a List"),
                arguments(
                        Chained.class,
                        true,
                        "#Chain has no end: every record of it always holds another one."
                                + " Make it @Nullable, an Optional or a List"));
    }

    private static Arguments unsupported(Class<? extends Record> type, String rest) {
        return arguments(type, true, "component `x` of #" + type.getSimpleName() + " has the unsupported type " + rest);
    }

    @Test
    void tool_ofRecordWithTypeParameters_isRefused() {
        assertThatThrownBy(() -> TypedTool.of("box", "a box", Box.class, (box, context) -> ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(Box.class.getName() + " has type parameters: declare a record without them for this use");
    }

    @Test
    void tool_ofTheClassRecordItself_isRefused() {
        assertThatThrownBy(() -> TypedTool.of("any", "any", Record.class, (any, context) -> ""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("java.lang.Record is not a record: declare one and give its class");
    }

    @Test
    void recordWithAnEndOnOneWay_isTaken() {
        assertThat(new RecordType<>(TypedZoo.Formula.class, true).schema()).contains("Term");
    }
}
