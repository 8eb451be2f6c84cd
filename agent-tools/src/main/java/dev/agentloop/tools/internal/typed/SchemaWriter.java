package dev.agentloop.tools.internal.typed;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.agentloop.tools.internal.typed.JsonShape.Choice;
import dev.agentloop.tools.internal.typed.JsonShape.Component;
import dev.agentloop.tools.internal.typed.JsonShape.Dictionary;
import dev.agentloop.tools.internal.typed.JsonShape.Maybe;
import dev.agentloop.tools.internal.typed.JsonShape.Reference;
import dev.agentloop.tools.internal.typed.JsonShape.Scalar;
import dev.agentloop.tools.internal.typed.JsonShape.Sequence;
import dev.agentloop.tools.internal.typed.JsonShape.Structure;
import dev.agentloop.tools.internal.typed.JsonShape.Union;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Writes the JSON Schema of a record, always in the same characters.
 *
 * <p>Strict mode is a subset of JSON Schema with rules of its own: every object closed and every property required, an
 * object without {@code anyOf} at the root, only some formats, nothing beside a {@code $ref}. Null is allowed by
 * {@code "type":["string","null"]} where the type is all there is to say and by {@code anyOf} elsewhere: servers that
 * split a list of types copy the other keywords, an enum for one, onto the null.
 */
public final class SchemaWriter {
    private static final JsonFactory FACTORY = new JsonFactory();
    private static final Set<String> STRICT_FORMATS =
            Set.of("date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid");

    private final RecordShape record;
    private final boolean strict;
    private final SchemaLimits limits;
    private final JsonGenerator out;
    private final Map<Class<?>, String> names = new HashMap<>();

    private SchemaWriter(RecordShape record, boolean strict, JsonGenerator out) {
        this.record = record;
        this.strict = strict;
        this.limits = new SchemaLimits(record.root().type(), strict);
        this.out = out;
    }

    /**
     * The schema's text: one line, no white space.
     *
     * @param strict whether it must keep the rules of strict mode
     * @throws IllegalArgumentException if the record is larger than strict mode allows
     */
    public static String text(RecordShape record, boolean strict) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = FACTORY.createGenerator(text)) {
            new SchemaWriter(record, strict, out).root();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text.toString();
    }

    private void root() throws IOException {
        nameDefinitions();
        out.writeStartObject();
        structure(record.root(), null);
        if (!record.definitions().isEmpty()) {
            out.writeObjectFieldStart("$defs");
            for (Map.Entry<Class<?>, JsonShape> definition :
                    record.definitions().entrySet()) {
                out.writeFieldName(name(definition.getKey()));
                write(definition.getValue(), null);
            }
            out.writeEndObject();
        }
        out.writeEndObject();
    }

    /** Simple names; where two types share one, the later gets a number. */
    private void nameDefinitions() {
        for (Class<?> type : record.definitions().keySet()) {
            String name = type.getSimpleName();
            for (int n = 2; names.containsValue(name); n++) {
                name = type.getSimpleName() + n;
            }
            names.put(type, name);
            limits.text(name);
        }
    }

    private String name(Class<?> type) {
        String name = names.get(type);
        if (name == null) {
            throw new IllegalStateException("no definition of " + type);
        }
        return name;
    }

    private void write(JsonShape shape, @Nullable String description) throws IOException {
        out.writeStartObject();
        if (shape instanceof Scalar scalar) {
            scalar(scalar, description);
        } else if (shape instanceof Choice choice) {
            choice(choice, description);
        } else if (shape instanceof Sequence sequence) {
            sequence(sequence, description);
        } else if (shape instanceof Dictionary dictionary) {
            type("object", description);
            out.writeFieldName("additionalProperties");
            write(dictionary.value(), null);
        } else if (shape instanceof Structure structure) {
            structure(structure, description);
        } else if (shape instanceof Union union) {
            anyOf(union, false, description);
        } else if (shape instanceof Maybe maybe) {
            nullable(maybe.value(), description);
        } else if (shape instanceof Reference reference) {
            reference(reference, description);
        }
        out.writeEndObject();
    }

    private void scalar(Scalar scalar, @Nullable String description) throws IOException {
        type(scalar.type(), description);
        String format = format(scalar);
        if (format != null) {
            out.writeStringField("format", format);
        }
        if (scalar.pattern() != null) {
            out.writeStringField("pattern", scalar.pattern());
        }
    }

    private @Nullable String format(Scalar scalar) {
        String format = scalar.format();
        return format == null || (strict && !STRICT_FORMATS.contains(format)) ? null : format;
    }

    private void choice(Choice choice, @Nullable String description) throws IOException {
        limits.enumeration(choice.constants().keySet());
        type("string", description == null ? choice.description() : description);
        out.writeArrayFieldStart("enum");
        for (String constant : choice.constants().keySet()) {
            out.writeString(constant);
        }
        out.writeEndArray();
    }

    private void sequence(Sequence sequence, @Nullable String description) throws IOException {
        type("array", description);
        out.writeFieldName("items");
        write(sequence.element(), null);
        if (sequence.distinct() && !strict) {
            out.writeBooleanField("uniqueItems", true);
        }
    }

    private void structure(Structure structure, @Nullable String description) throws IOException {
        limits.enterObject();
        type("object", description == null ? structure.description() : description);
        out.writeObjectFieldStart("properties");
        if (structure.tag() != null) {
            tag(structure.tag());
        }
        for (Component component : structure.components()) {
            limits.property(component.name());
            out.writeFieldName(component.name());
            write(
                    isOptional(component) ? ((Maybe) component.shape()).value() : component.shape(),
                    component.description());
        }
        out.writeEndObject();
        out.writeArrayFieldStart("required");
        if (structure.tag() != null) {
            out.writeString(JsonShape.TAG);
        }
        for (Component component : structure.components()) {
            if (!isOptional(component)) {
                out.writeString(component.name());
            }
        }
        out.writeEndArray();
        out.writeBooleanField("additionalProperties", false);
        limits.leaveObject();
    }

    /** Whether the property may be left out, which strict mode does not know. */
    private boolean isOptional(Component component) {
        return !strict && component.shape() instanceof Maybe;
    }

    private void tag(String tag) throws IOException {
        limits.property(JsonShape.TAG);
        limits.text(tag);
        out.writeObjectFieldStart(JsonShape.TAG);
        out.writeStringField("type", "string");
        out.writeStringField("const", tag);
        out.writeEndObject();
    }

    private void nullable(JsonShape value, @Nullable String description) throws IOException {
        if (value instanceof Scalar scalar && format(scalar) == null && scalar.pattern() == null) {
            out.writeFieldName("type");
            out.writeStartArray();
            out.writeString(scalar.type());
            out.writeString("null");
            out.writeEndArray();
            describe(description);
        } else {
            anyOf(value, true, description);
        }
    }

    /** Strict mode takes nothing beside a reference, so a description goes around it. */
    private void reference(Reference reference, @Nullable String description) throws IOException {
        if (description == null) {
            out.writeStringField("$ref", record.isRoot(reference) ? "#" : "#/$defs/" + name(reference.type()));
        } else {
            anyOf(reference, false, description);
        }
    }

    private void anyOf(JsonShape value, boolean orNull, @Nullable String description) throws IOException {
        describe(description == null && value instanceof Union union ? union.description() : description);
        out.writeArrayFieldStart("anyOf");
        Collection<? extends JsonShape> alternatives =
                value instanceof Union union ? union.alternatives().values() : List.of(value);
        for (JsonShape alternative : alternatives) {
            write(alternative, null);
        }
        if (orNull) {
            out.writeStartObject();
            out.writeStringField("type", "null");
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    private void type(String type, @Nullable String description) throws IOException {
        out.writeStringField("type", type);
        describe(description);
    }

    private void describe(@Nullable String description) throws IOException {
        if (description != null) {
            out.writeStringField("description", description);
        }
    }
}
