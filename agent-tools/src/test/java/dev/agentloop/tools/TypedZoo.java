package dev.agentloop.tools;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Records of every kind that a typed tool may take, for the tests of schema and reading. */
final class TypedZoo {
    private TypedZoo() {}

    /** Those that strict mode takes. */
    static final List<Class<? extends Record>> STRICT = List.of(
            Nothing.class,
            Numbers.class,
            Texts.class,
            Times.class,
            Optionals.class,
            Nullables.class,
            Lists.class,
            Forecast.class,
            Drawing.class,
            Node.class,
            Formula.class,
            Family.class,
            Fleet.class);

    /** Those that only a lenient tool takes. */
    static final List<Class<? extends Record>> LENIENT = List.of(Headers.class);

    record Nothing() {}

    record Numbers(
            byte b, short s, int i, long l, float f, double d, Integer boxed, BigInteger big, BigDecimal exact) {}

    record Texts(String text, boolean flag, Unit unit, UUID id, URI link) {}

    record Times(
            Instant instant,
            OffsetDateTime moment,
            OffsetTime time,
            LocalDate date,
            LocalTime localTime,
            LocalDateTime localMoment,
            Duration duration,
            Period period) {}

    record Optionals(
            Optional<String> text,
            Optional<Unit> unit,
            Optional<LocalDate> date,
            Optional<Point> point,
            Optional<List<String>> list,
            OptionalInt i,
            OptionalLong l,
            OptionalDouble d) {}

    record Nullables(
            @Nullable String text,
            @Nullable Integer number,
            @Nullable Curve curve,
            List<@Nullable String> holes,
            @Description("maybe a unit") @Nullable Unit unit,
            Ship.@Nullable Engine nested) {}

    record Lists(List<String> texts, Set<Integer> numbers, List<List<LocalDate>> dates) {}

    record Headers(
            Map<String, String> headers,
            @Description("how often") Map<String, List<Integer>> counts,
            Optional<String> note) {}

    enum Unit {
        CELSIUS,
        FAHRENHEIT
    }

    @Description("a point of the plane")
    record Point(int x, int y) {}

    @Description("Asks for a forecast.")
    record Forecast(
            @Description("a city, in \"English\", as Zürich")
            String city,

            @Description("at most 7") int days,
            @Description("celsius if null") Optional<Unit> unit,
            Point near,
            @Description("where it is sunny") Point far) {}

    @Description("a figure")
    sealed interface Figure permits Square, Circle, Curve {}

    @Description("round")
    record Circle(double radius) implements Figure {}

    record Square(double side) implements Figure {}

    @Description("a curve")
    sealed interface Curve extends Figure permits Line {}

    record Line(List<Point> points) implements Curve {}

    record Drawing(
            Figure front,
            List<Curve> curves,
            @Description("not a choice") Circle hole) {}

    record Node(
            String name,
            @Nullable Node next,
            @Description("below it") List<Node> children) {}

    sealed interface Term permits Add, Value {}

    record Add(Term left, @Description("the right side") Term right) implements Term {}

    record Value(int number) implements Term {}

    record Formula(Term term, Optional<Term> otherwise) {}

    record Parent(String name, List<Child> children) {}

    record Child(String name, Optional<Parent> parent, Set<Child> siblings) {}

    record Family(Parent head, Child youngest) {}

    record Ship(Ship.Engine engine) {
        record Engine(int power) {}
    }

    record Car(Car.Engine engine) {
        record Engine(Car.@Nullable Engine spare) {}
    }

    record Plane(Plane.Engine engine) {
        record Engine(List<Plane.Engine> spares) {}
    }

    record Fleet(Ship ship, Car car, Plane plane) {}
}
