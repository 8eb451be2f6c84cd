package dev.agentloop.tools.internal.typed;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.Constructor;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What a Java type is in JSON. One shape feeds both the schema that the model sees and the reading of what it sends, so
 * that the two cannot disagree.
 *
 * <p>Shapes are trees: where a type contains itself, a {@link Reference} stands for it.
 */
sealed interface JsonShape {

    /** The property that names the record where a sealed interface is expected. */
    String TAG = "type";

    /**
     * A single string, number or boolean.
     *
     * @param type the JSON Schema type
     * @param format the JSON Schema format, if there is one for it
     * @param pattern a regular expression, where no format fits
     * @param text the JSON string of a value; only used where {@code type} is {@code string}
     */
    record Scalar(
            String type,
            @Nullable String format,
            @Nullable String pattern,
            Reading reading,
            Function<Object, String> text)
            implements JsonShape {

        /** Makes the Java value of a JSON value, exactly or not at all. */
        @FunctionalInterface
        interface Reading {
            Object read(JsonNode node, JsonPath at) throws MismatchException;
        }

        Scalar writtenBy(DateTimeFormatter formatter) {
            return new Scalar(type, format, pattern, reading, value -> formatter.format((TemporalAccessor) value));
        }
    }

    /** An enum: its constants by name, in the order in which they are declared. */
    record Choice(Map<String, Object> constants, @Nullable String description) implements JsonShape {}

    /** A list, or a set where {@code distinct}. */
    record Sequence(JsonShape element, boolean distinct) implements JsonShape {}

    /** A map with strings as keys. */
    record Dictionary(JsonShape value) implements JsonShape {}

    /** A value that may be null. */
    record Maybe(JsonShape value, @Nullable Object absent, UnaryOperator<Object> present) implements JsonShape {

        static Maybe nullable(JsonShape value) {
            return new Maybe(value, null, UnaryOperator.identity());
        }
    }

    /**
     * A record.
     *
     * @param tag what the property {@link #TAG} must say, or null where no such property is expected
     */
    record Structure(
            Class<?> type,
            @Nullable String tag,
            @Nullable String description,
            List<Component> components,
            Constructor<?> constructor)
            implements JsonShape {}

    /** A component of a record. */
    record Component(String name, @Nullable String description, JsonShape shape) {}

    /** A sealed interface: its records by their tags, in the order in which they are permitted. */
    record Union(
            Map<String, Structure> alternatives, @Nullable String description) implements JsonShape {}

    /** A type that contains itself; {@link RecordShape} knows its shape. */
    record Reference(Class<?> type) implements JsonShape {}
}
