package dev.agentloop.tools.internal.typed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.tools.internal.typed.JsonShape.Scalar;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.lang.reflect.Array;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes what a tool's function returned as compact JSON.
 *
 * <p>Goes by the value, since a function's result has no declared type: records by their components in order, whatever
 * they are made of the way {@link Scalars} reads it. A record of a sealed interface says which one it is, unless the place
 * it stands in is declared as that very record.
 */
public final class ValueWriter {
    // The fast writer prints the shortest digits; Double.toString does so only from JDK 19 on.
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .enable(StreamWriteFeature.USE_FAST_DOUBLE_WRITER)
            .build();

    private static final ClassValue<List<Property>> PROPERTIES = new ClassValue<>() {
        @Override
        protected List<Property> computeValue(Class<?> type) {
            return Arrays.stream(type.getRecordComponents()).map(Property::of).toList();
        }
    };

    private final JsonGenerator out;

    private ValueWriter(JsonGenerator out) {
        this.out = out;
    }

    /**
     * The JSON text of a value.
     *
     * @throws IllegalArgumentException if something in it has no JSON form here
     */
    public static String json(@Nullable Object value) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            new ValueWriter(out).write(value, Object.class);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private record Property(String name, Type declared, Method accessor) {
        static Property of(RecordComponent component) {
            return new Property(component.getName(), component.getGenericType(), Reflection.accessor(component));
        }

        @Nullable
        Object of(Object owner) {
            try {
                return accessor.invoke(owner);
            } catch (InvocationTargetException e) {
                throw new IllegalArgumentException(
                        "component `" + name + "` of " + owner.getClass().getName() + " cannot be read: "
                                + e.getCause(),
                        e);
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private void write(@Nullable Object value, Type declared) throws IOException {
        if (value == null) {
            out.writeNull();
        } else if (value instanceof Optional<?> optional) {
            write(optional.orElse(null), Reflection.argument(declared, 0));
        } else if (value instanceof OptionalInt number) {
            write(number.isPresent() ? number.getAsInt() : null, int.class);
        } else if (value instanceof OptionalLong number) {
            write(number.isPresent() ? number.getAsLong() : null, long.class);
        } else if (value instanceof OptionalDouble number) {
            write(number.isPresent() ? number.getAsDouble() : null, double.class);
        } else if (value instanceof Record) {
            writeRecord(value, declared);
        } else if (value instanceof Map<?, ?> map) {
            writeMap(map, Reflection.argument(declared, 1));
        } else if (value instanceof Collection<?> elements) {
            writeArray(elements, Reflection.argument(declared, 0));
        } else if (value.getClass().isArray()) {
            writeArray(elements(value), value.getClass().getComponentType());
        } else if (!writeScalar(value)) {
            throw new IllegalArgumentException("the tool ran, but its result holds a "
                    + value.getClass().getName()
                    + ", which has no JSON form here: return a record, a String or a ToolOutput");
        }
    }

    private void writeRecord(Object value, Type declared) throws IOException {
        Class<?> type = value.getClass();
        List<Property> properties = PROPERTIES.get(type);
        out.writeStartObject();
        if (Reflection.raw(declared) != type
                && Reflection.implementsSealed(type)
                && properties.stream().noneMatch(property -> property.name().equals(JsonShape.TAG))) {
            out.writeStringField(JsonShape.TAG, type.getSimpleName());
        }
        for (Property property : properties) {
            out.writeFieldName(property.name());
            write(property.of(value), property.declared());
        }
        out.writeEndObject();
    }

    private void writeMap(Map<?, ?> map, Type declared) throws IOException {
        out.writeStartObject();
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            Object key = entry.getKey();
            out.writeFieldName(key instanceof Enum<?> constant ? constant.name() : String.valueOf(key));
            write(entry.getValue(), declared);
        }
        out.writeEndObject();
    }

    private void writeArray(Collection<?> elements, Type declared) throws IOException {
        out.writeStartArray();
        for (Object element : elements) {
            write(element, declared);
        }
        out.writeEndArray();
    }

    private static List<@Nullable Object> elements(Object array) {
        List<@Nullable Object> elements = new ArrayList<>();
        for (int i = 0; i < Array.getLength(array); i++) {
            elements.add(Array.get(array, i));
        }
        return elements;
    }

    private boolean writeScalar(Object value) throws IOException {
        Scalar scalar = Scalars.of(value.getClass());
        if (scalar != null && scalar.type().equals("string")) {
            out.writeString(scalar.text().apply(value));
        } else if (value instanceof Enum<?> constant) {
            out.writeString(constant.name());
        } else if (value instanceof CharSequence || value instanceof Character) {
            out.writeString(value.toString());
        } else if (value instanceof Boolean flag) {
            out.writeBoolean(flag);
        } else if (value instanceof JsonNode node) {
            out.writeRawValue(node.toString());
        } else {
            return writeNumber(value);
        }
        return true;
    }

    private boolean writeNumber(Object value) throws IOException {
        if (value instanceof Long || value instanceof Integer || value instanceof Short || value instanceof Byte) {
            out.writeNumber(((Number) value).longValue());
        } else if (value instanceof Double number) {
            out.writeNumber(number);
        } else if (value instanceof Float number) {
            out.writeNumber(number);
        } else if (value instanceof BigInteger number) {
            out.writeNumber(number);
        } else if (value instanceof BigDecimal number) {
            out.writeNumber(number);
        } else {
            return false;
        }
        return true;
    }
}
