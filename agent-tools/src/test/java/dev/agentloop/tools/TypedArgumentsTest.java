package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.agentloop.tools.TypedZoo.Node;
import dev.agentloop.tools.internal.typed.MismatchException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a model's arguments become: a record, or an error that the model can repair. */
final class TypedArgumentsTest {
    private record City(String city, int days) {}

    private record Trip(List<City> stops, Optional<String> note) {}

    record Range(int from, int to) {
        Range {
            if (from > to) {
                throw new IllegalArgumentException("from is " + from + ", after to, which is " + to);
            }
        }
    }

    private record Ranges(List<Range> ranges) {}

    record Silent(int number) {
        Silent {
            throw new IllegalStateException();
        }
    }

    record Broken(int number) {
        Broken {
            throw new StackOverflowError("not the model's fault");
        }
    }

    private record Collected(
            Set<Integer> set, List<@Nullable String> list, OptionalInt number, BigDecimal exact, BigInteger big) {}

    private @interface Vendor {
        @Retention(RetentionPolicy.RUNTIME)
        @interface Nullable {}
    }

    private record Foreign(@Vendor.Nullable String note) {}

    /** Reads JSON in which single quotes stand for double ones. */
    private static <R extends Record> R read(Class<R> type, String json) throws MismatchException {
        return new RecordType<>(type, false).read(json.replace('\'', '"'));
    }

    @ParameterizedTest(name = "{index}: {2}")
    @MethodSource
    void read_ofWrongArguments_saysWhereAndWhat(Class<? extends Record> type, String json, String message) {
        assertThatThrownBy(() -> read(type, json))
                .isInstanceOf(MismatchException.class)
                .hasMessage(message);
    }

    static Stream<Arguments> read_ofWrongArguments_saysWhereAndWhat() {
        return Stream.of(fields(), syntax(), numbers(), values(), choices(), refusals())
                .flatMap(rows -> rows);
    }

    private static Stream<Arguments> fields() {
        return Stream.of(
                arguments(City.class, "{'days':3}", "missing field `city`"),
                arguments(City.class, "{}", "missing fields `city`, `days`"),
                arguments(City.class, "{'city':'Rome','day':3}", "unknown field `day`, expected one of `city`, `days`"),
                arguments(TypedZoo.Nothing.class, "{'x':1}", "unknown field `x`, expected none"),
                arguments(City.class, "{'city':null,'days':3}", "expected a string but found null (at city)"),
                arguments(City.class, "['Rome',3]", "expected an object but found an array"),
                arguments(City.class, "'Rome'", "expected an object but found the string `Rome`"),
                arguments(Trip.class, "{'stops':{}}", "expected an array but found an object (at stops)"),
                arguments(Trip.class, "{'stops':[null]}", "expected an object but found null (at stops[0])"),
                arguments(
                        Trip.class,
                        "{'stops':[{'city':'Rome','days':1},{'days':1}]}",
                        "missing field `city` (at stops[1])"),
                arguments(
                        Trip.class,
                        "{'stops':[{'city':'Rome','days':true}]}",
                        "expected an integer but found the boolean `true` (at stops[0].days)"),
                arguments(
                        TypedZoo.Headers.class,
                        "{'headers':{},'counts':{'a b':[1,'x']}}",
                        "expected an integer but found the string `x` (at counts.a b[1])"));
    }

    private static Stream<Arguments> syntax() {
        return Stream.of(
                arguments(City.class, "", "expected a JSON object but found no text"),
                arguments(City.class, "{'city':'Ro", "the JSON ends too early at line 1 column 12"),
                arguments(City.class, "{'city':'Rome',\n 'days':3", "the JSON ends too early at line 2 column 10"),
                arguments(
                        City.class,
                        "{'city':'Rome','days':03}",
                        "Invalid numeric value: Leading zeroes not allowed at line 1 column 24"),
                arguments(
                        City.class,
                        "{'city':'Rome','city':'Oslo','days':3}",
                        "Duplicate field 'city' at line 1 column 22"),
                arguments(
                        City.class,
                        "{'city':['Rome'}",
                        "Unexpected close marker '}': expected ']' (for Array starting at [line: 1, column: 9])"
                                + " at line 1 column 16"),
                arguments(
                        City.class, "{'city':'Rome','days':3}{}", "more text after the JSON value at line 1 column 25"),
                arguments(
                        City.class,
                        "{city:1}",
                        "Unexpected character ('c' (code 99)): was expecting double-quote to start field name"
                                + " at line 1 column 2"));
    }

    private static Stream<Arguments> numbers() {
        return Stream.of(
                arguments(City.class, "{'city':'Rome','days':3.7}", "`3.7` is not a whole number (at days)"),
                arguments(
                        City.class,
                        "{'city':'Rome','days':'3'}",
                        "expected an integer but found the string `3` (at days)"),
                arguments(
                        City.class,
                        "{'city':'Rome','days':2147483648}",
                        "`2147483648` is out of range, expected -2147483648 to 2147483647 (at days)"),
                arguments(
                        City.class,
                        "{'city':'Rome','days':1e999999999}",
                        "`1E+999999999` has more than 1000 digits (at days)"),
                arguments(
                        City.class,
                        "{'city':'Rome','days':1e99999999999}",
                        "a number with too large an exponent at line 1 column 23"),
                arguments(One.class, "{'b':128}", "`128` is out of range, expected -128 to 127 (at b)"),
                arguments(One.class, "{'f':1e39}", "`1E+39` is too large or too small (at f)"),
                arguments(One.class, "{'d':1e309}", "`1E+309` is too large or too small (at d)"),
                arguments(One.class, "{'d':-1e-400}", "`-1E-400` is too large or too small (at d)"),
                arguments(One.class, "{'d':'NaN'}", "expected a number but found the string `NaN` (at d)"));
    }

    private record One(
            @Nullable Byte b, @Nullable Float f, @Nullable Double d) {}

    private static Stream<Arguments> values() {
        String time = "is not of the form";
        return Stream.of(
                arguments(
                        Form.class, "{'flag':'true'}", "expected true or false but found the string `true` (at flag)"),
                arguments(Form.class, "{'date':'tomorrow'}", "`tomorrow` " + time + " `2026-01-31` (at date)"),
                arguments(Form.class, "{'date':'2026-02-30'}", "`2026-02-30` " + time + " `2026-01-31` (at date)"),
                arguments(
                        Form.class, "{'date':20260131}", "expected a string but found the number `20260131` (at date)"),
                arguments(
                        Form.class,
                        "{'id':'1-1-1-1-1'}",
                        "`1-1-1-1-1` " + time + " `123e4567-e89b-12d3-a456-426614174000` (at id)"),
                arguments(Form.class, "{'link':'a b'}", "`a b` " + time + " `https://example.com/page` (at link)"),
                arguments(
                        Form.class,
                        "{'date':'" + "long ".repeat(20) + "'}",
                        "`" + "long ".repeat(12) + "…` " + time + " `2026-01-31` (at date)"));
    }

    private record Form(
            Optional<Boolean> flag,
            Optional<java.time.LocalDate> date,
            Optional<java.util.UUID> id,
            Optional<java.net.URI> link) {}

    private static Stream<Arguments> choices() {
        return Stream.of(
                arguments(
                        Pick.class,
                        "{'unit':'KELVIN'}",
                        "unknown value `KELVIN`, expected one of `CELSIUS`, `FAHRENHEIT` (at unit)"),
                arguments(
                        Pick.class,
                        "{'unit':'celsius'}",
                        "unknown value `celsius`, expected one of `CELSIUS`, `FAHRENHEIT` (at unit)"),
                arguments(Pick.class, "{'unit':0}", "expected a string but found the number `0` (at unit)"),
                arguments(
                        Pick.class,
                        "{'figure':{'side':1}}",
                        "missing field `type`, expected one of `Square`, `Circle`, `Line` (at figure)"),
                arguments(
                        Pick.class,
                        "{'figure':{'type':'Oval'}}",
                        "unknown value `Oval`, expected one of `Square`, `Circle`, `Line` (at figure.type)"),
                arguments(
                        Pick.class,
                        "{'figure':{'type':'Square','radius':1}}",
                        "unknown field `radius`, expected one of `side` (at figure)"),
                arguments(Pick.class, "{'figure':{'type':'Square'}}", "missing field `side` (at figure)"),
                arguments(Pick.class, "{'figure':3}", "expected an object but found the number `3` (at figure)"));
    }

    private record Pick(TypedZoo.@Nullable Unit unit, TypedZoo.@Nullable Figure figure) {}

    private static Stream<Arguments> refusals() {
        return Stream.of(
                arguments(Range.class, "{'from':3,'to':1}", "from is 3, after to, which is 1"),
                arguments(
                        Ranges.class,
                        "{'ranges':[{'from':1,'to':2},{'from':3,'to':1}]}",
                        "from is 3, after to, which is 1 (at ranges[1])"),
                arguments(Silent.class, "{'number':1}", "refused by its constructor: java.lang.IllegalStateException"));
    }

    @Test
    void read_whereConstructorThrowsError_throwsIt() {
        assertThatThrownBy(() -> read(Broken.class, "{'number':1}"))
                .isInstanceOf(StackOverflowError.class)
                .hasMessage("not the model's fault");
    }

    @Test
    void read_ofOptionalFieldThatIsAbsent_takesItForNull() throws Exception {
        assertThat(read(Trip.class, "{'stops':[]}")).isEqualTo(new Trip(List.of(), Optional.empty()));
        assertThat(read(Trip.class, "{'stops':[],'note':null}")).isEqualTo(new Trip(List.of(), Optional.empty()));
    }

    @Test
    void read_ofNull_whereOtherNullableIsDeclared_takesIt() throws Exception {
        assertThat(read(Foreign.class, "{'note':null}").note()).isNull();
    }

    @Test
    void read_ofWholeNumberInOtherNotation_takesIt() throws Exception {
        assertThat(read(City.class, "{'city':'Rome','days':3.0}").days()).isEqualTo(3);
        assertThat(read(City.class, "{'city':'Rome','days':30e-1}").days()).isEqualTo(3);
        assertThat(read(City.class, "{'city':'Rome','days':2.147483647E+9}").days())
                .isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void read_ofExactNumbers_keepsEveryDigit() throws Exception {
        Collected collected = read(
                Collected.class,
                "{'set':[3,1,3],'list':['a',null],'number':1,'exact':1.10,'big':123456789012345678901234567890}");

        assertThat(collected.exact()).isEqualTo(new BigDecimal("1.10"));
        assertThat(collected.big()).isEqualTo(new BigInteger("123456789012345678901234567890"));
        assertThat(collected.number()).hasValue(1);
    }

    @Test
    void read_ofCollections_keepsTheirOrderAndLetsNobodyChangeThem() throws Exception {
        Collected collected =
                read(Collected.class, "{'set':[3,1,3],'list':['a',null],'number':null,'exact':1,'big':1}");

        assertThat(collected.set()).containsExactly(3, 1);
        assertThat(collected.list()).containsExactly("a", null);
        assertThatThrownBy(() -> collected.set().clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> collected.list().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void read_ofMap_keepsTheOrderOfItsNames() throws Exception {
        TypedZoo.Headers headers = read(TypedZoo.Headers.class, "{'headers':{'z':'1','a':'2','':'3'},'counts':{}}");

        assertThat(headers.headers().keySet()).containsExactly("z", "a", "");
        assertThatThrownBy(() -> headers.headers().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void read_ofLocalRecord_works() throws Exception {
        record Local(Map<String, Integer> counts) {}

        assertThat(read(Local.class, "{'counts':{'a':1}}")).isEqualTo(new Local(Map.of("a", 1)));
    }

    @Test
    void read_ofDeeplyNestedArguments_works() throws Exception {
        int levels = 400;
        String json = "{'name':'n','children':[],'next':".repeat(levels) + "null" + "}".repeat(levels);

        int depth = 0;
        for (Node node = read(Node.class, json); node != null; node = node.next()) {
            depth++;
        }
        assertThat(depth).isEqualTo(levels);
    }

    @Test
    void read_ofArgumentsWithoutEnd_isRefusedAndNotAnOverflow() {
        assertThatThrownBy(() -> read(Node.class, "{'name':'n','children':[".repeat(100_000)))
                .isInstanceOf(MismatchException.class)
                .hasMessageContaining("nesting depth (1001) exceeds the maximum allowed (1000");
    }
}
