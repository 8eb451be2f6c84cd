package dev.agentloop.tools;

import dev.agentloop.tools.internal.typed.MismatchException;
import dev.agentloop.tools.internal.typed.RecordReader;
import dev.agentloop.tools.internal.typed.RecordShape;
import dev.agentloop.tools.internal.typed.SchemaWriter;
import dev.agentloop.tools.internal.typed.ShapeDerivation;
import java.lang.reflect.AnnotatedElement;
import org.jspecify.annotations.Nullable;

/**
 * A record as the form of some JSON: its schema and the reading of what a model wrote by it, from one derivation.
 *
 * <p>Immutable and thread-safe.
 */
final class RecordType<A extends Record> {
    private final Class<A> type;
    private final boolean strict;
    private final String schema;
    private final RecordReader reader;

    /**
     * @param strict whether the schema must keep the rules of strict mode
     * @throws IllegalArgumentException if the record has no such form; says what to change
     */
    RecordType(Class<A> type, boolean strict) {
        RecordShape shape = ShapeDerivation.of(type, strict, RecordType::description);
        this.type = type;
        this.strict = strict;
        this.schema = SchemaWriter.text(shape, strict);
        this.reader = new RecordReader(shape);
    }

    private static @Nullable String description(AnnotatedElement element) {
        Description description = element.getAnnotation(Description.class);
        return description == null ? null : description.value();
    }

    String schema() {
        return schema;
    }

    boolean strict() {
        return strict;
    }

    A read(String json) throws MismatchException {
        return type.cast(reader.read(json));
    }
}
