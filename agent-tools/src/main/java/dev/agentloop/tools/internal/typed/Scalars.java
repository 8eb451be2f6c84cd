package dev.agentloop.tools.internal.typed;

import static java.util.Map.entry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.tools.internal.typed.JsonShape.Scalar;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.Period;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The Java types that are one JSON string, number or boolean.
 *
 * <p>Reading is exact: no text is taken for a number, no number is cut or wrapped. The formats are those that JSON Schema
 * takes from RFC 3339 and RFC 4122; a local time has none there, so it gets a pattern.
 */
final class Scalars {
    // More digits than any sensible whole number has: 1e999999999 is short to write and would fill the memory.
    private static final int MAX_DIGITS = 1_000;

    private static final String TIME = "[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]{1,9})?)?";

    private static final Scalar BOOLEAN = plain("boolean", Scalars::readBoolean);
    private static final Scalar BYTE = whole(Byte.MIN_VALUE, Byte.MAX_VALUE, value -> (byte) value);
    private static final Scalar SHORT = whole(Short.MIN_VALUE, Short.MAX_VALUE, value -> (short) value);
    static final Scalar INT = whole(Integer.MIN_VALUE, Integer.MAX_VALUE, value -> (int) value);
    static final Scalar LONG = whole(Long.MIN_VALUE, Long.MAX_VALUE, value -> value);
    private static final Scalar FLOAT = plain("number", Scalars::readFloat);
    static final Scalar DOUBLE = plain("number", Scalars::readDouble);

    private static final Map<Class<?>, Scalar> TYPES = Map.ofEntries(
            entry(boolean.class, BOOLEAN),
            entry(Boolean.class, BOOLEAN),
            entry(byte.class, BYTE),
            entry(Byte.class, BYTE),
            entry(short.class, SHORT),
            entry(Short.class, SHORT),
            entry(int.class, INT),
            entry(Integer.class, INT),
            entry(long.class, LONG),
            entry(Long.class, LONG),
            entry(float.class, FLOAT),
            entry(Float.class, FLOAT),
            entry(double.class, DOUBLE),
            entry(Double.class, DOUBLE),
            entry(BigInteger.class, plain("integer", Scalars::readBigInteger)),
            entry(BigDecimal.class, plain("number", Scalars::readNumber)),
            entry(String.class, plain("string", Scalars::readString)),
            entry(UUID.class, formatted("uuid", "123e4567-e89b-12d3-a456-426614174000", Scalars::parseUuid)),
            entry(URI.class, formatted("uri-reference", "https://example.com/page", URI::create)),
            entry(Instant.class, formatted("date-time", "2026-01-31T10:15:30Z", Instant::parse)),
            entry(
                    OffsetDateTime.class,
                    formatted("date-time", "2026-01-31T10:15:30+01:00", OffsetDateTime::parse)
                            .writtenBy(DateTimeFormatter.ISO_OFFSET_DATE_TIME)),
            entry(
                    OffsetTime.class,
                    formatted("time", "10:15:30+01:00", OffsetTime::parse)
                            .writtenBy(DateTimeFormatter.ISO_OFFSET_TIME)),
            entry(LocalDate.class, formatted("date", "2026-01-31", LocalDate::parse)),
            entry(
                    LocalTime.class,
                    patterned("^" + TIME + "$", "10:15:30", LocalTime::parse)
                            .writtenBy(DateTimeFormatter.ISO_LOCAL_TIME)),
            entry(
                    LocalDateTime.class,
                    patterned("^[0-9]{4}-[0-9]{2}-[0-9]{2}T" + TIME + "$", "2026-01-31T10:15:30", LocalDateTime::parse)
                            .writtenBy(DateTimeFormatter.ISO_LOCAL_DATE_TIME)),
            entry(Duration.class, formatted("duration", "PT1H30M", Duration::parse)),
            entry(Period.class, formatted("duration", "P1M15D", Period::parse)));

    private Scalars() {}

    /** The scalar that this type is, or null. */
    static @Nullable Scalar of(Class<?> type) {
        return TYPES.get(type);
    }

    private static Scalar plain(String type, Scalar.Reading reading) {
        return new Scalar(type, null, null, reading, Object::toString);
    }

    private static Scalar whole(long min, long max, LongFunction<Object> box) {
        BigInteger low = BigInteger.valueOf(min);
        BigInteger high = BigInteger.valueOf(max);
        return plain("integer", (node, at) -> {
            BigInteger value = readBigInteger(node, at);
            if (value.compareTo(low) < 0 || value.compareTo(high) > 0) {
                throw new MismatchException(
                        MismatchException.shown(node) + " is out of range, expected " + min + " to " + max, at);
            }
            return box.apply(value.longValue());
        });
    }

    private static Scalar formatted(String format, String example, Function<String, Object> parse) {
        return new Scalar("string", format, null, parsing(example, parse), Object::toString);
    }

    private static Scalar patterned(String pattern, String example, Function<String, Object> parse) {
        return new Scalar("string", null, pattern, parsing(example, parse), Object::toString);
    }

    private static Scalar.Reading parsing(String example, Function<String, Object> parse) {
        return (node, at) -> {
            String text = readString(node, at);
            try {
                return parse.apply(text);
            } catch (DateTimeException | IllegalArgumentException e) {
                throw new MismatchException(
                        MismatchException.shown(node) + " is not of the form `" + example + "`", at, e);
            }
        };
    }

    private static UUID parseUuid(String text) {
        UUID uuid = UUID.fromString(text);
        if (!uuid.toString().equalsIgnoreCase(text)) {
            // The JDK also takes short groups, such as 1-1-1-1-1.
            throw new IllegalArgumentException("not the full form of a UUID");
        }
        return uuid;
    }

    private static String readString(JsonNode node, JsonPath at) throws MismatchException {
        if (!node.isTextual()) {
            throw MismatchException.expected("a string", node, at);
        }
        return node.textValue();
    }

    private static Boolean readBoolean(JsonNode node, JsonPath at) throws MismatchException {
        if (!node.isBoolean()) {
            throw MismatchException.expected("true or false", node, at);
        }
        return node.booleanValue();
    }

    private static BigDecimal readNumber(JsonNode node, JsonPath at) throws MismatchException {
        if (!node.isNumber()) {
            throw MismatchException.expected("a number", node, at);
        }
        return node.decimalValue();
    }

    /** A whole number in any notation: 3, 3.0 and 3e0 are the same value to JSON Schema. */
    private static BigInteger readBigInteger(JsonNode node, JsonPath at) throws MismatchException {
        if (!node.isNumber()) {
            throw MismatchException.expected("an integer", node, at);
        }
        if (node.isIntegralNumber()) {
            return node.bigIntegerValue();
        }
        BigDecimal value = node.decimalValue().stripTrailingZeros();
        if (value.scale() > 0) {
            throw new MismatchException(MismatchException.shown(node) + " is not a whole number", at);
        }
        if ((long) value.precision() - value.scale() > MAX_DIGITS) {
            throw new MismatchException(MismatchException.shown(node) + " has more than 1000 digits", at);
        }
        return value.toBigIntegerExact();
    }

    private static Double readDouble(JsonNode node, JsonPath at) throws MismatchException {
        BigDecimal exact = readNumber(node, at);
        double value = exact.doubleValue();
        checkRange(node, at, Double.isInfinite(value) || (value == 0 && exact.signum() != 0));
        return value;
    }

    private static Float readFloat(JsonNode node, JsonPath at) throws MismatchException {
        BigDecimal exact = readNumber(node, at);
        float value = exact.floatValue();
        checkRange(node, at, Float.isInfinite(value) || (value == 0 && exact.signum() != 0));
        return value;
    }

    private static void checkRange(JsonNode node, JsonPath at, boolean lost) throws MismatchException {
        if (lost) {
            throw new MismatchException(MismatchException.shown(node) + " is too large or too small", at);
        }
    }
}
