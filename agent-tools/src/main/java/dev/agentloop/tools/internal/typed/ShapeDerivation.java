package dev.agentloop.tools.internal.typed;

import dev.agentloop.tools.internal.typed.JsonShape.Choice;
import dev.agentloop.tools.internal.typed.JsonShape.Component;
import dev.agentloop.tools.internal.typed.JsonShape.Dictionary;
import dev.agentloop.tools.internal.typed.JsonShape.Maybe;
import dev.agentloop.tools.internal.typed.JsonShape.Reference;
import dev.agentloop.tools.internal.typed.JsonShape.Sequence;
import dev.agentloop.tools.internal.typed.JsonShape.Structure;
import dev.agentloop.tools.internal.typed.JsonShape.Union;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Derives the shape of a record from its declaration.
 *
 * <p>Everything is taken in the order of declaration, which the class file keeps: components, constants of an enum,
 * permitted records of a sealed interface. So the same source gives the same shape on every JDK.
 *
 * <p>A type that is met again inside itself becomes a {@link Reference} and its shape a definition. Every other type is
 * derived where it stands, since models and small servers read that best.
 */
public final class ShapeDerivation {
    private static final Map<Class<?>, JsonShape> OPTIONAL_NUMBERS = Map.of(
            OptionalInt.class,
            new Maybe(Scalars.INT, OptionalInt.empty(), value -> OptionalInt.of((Integer) value)),
            OptionalLong.class,
            new Maybe(Scalars.LONG, OptionalLong.empty(), value -> OptionalLong.of((Long) value)),
            OptionalDouble.class,
            new Maybe(Scalars.DOUBLE, OptionalDouble.empty(), value -> OptionalDouble.of((Double) value)));

    private final boolean strict;
    private final Function<AnnotatedElement, @Nullable String> descriptions;
    private final Set<Class<?>> open = new HashSet<>();
    private final Set<Class<?>> recursive = new HashSet<>();
    private final Map<Class<?>, JsonShape> derived = new HashMap<>();
    private final Map<Class<?>, JsonShape> definitions = new LinkedHashMap<>();

    private ShapeDerivation(boolean strict, Function<AnnotatedElement, @Nullable String> descriptions) {
        this.strict = strict;
        this.descriptions = descriptions;
    }

    /**
     * Derives the shape of a record.
     *
     * @param strict whether the shape must be expressible in strict mode, which knows no maps
     * @param descriptions what a declaration means to the model, null where it does not say
     * @throws IllegalArgumentException if something in it has no JSON form here; names the place, the type and what to use
     */
    public static RecordShape of(
            Class<? extends Record> type, boolean strict, Function<AnnotatedElement, @Nullable String> descriptions) {
        if (!type.isRecord()) {
            throw new IllegalArgumentException(type.getName() + " is not a record: declare one and give its class");
        }
        ShapeDerivation derivation = new ShapeDerivation(strict, descriptions);
        derivation.open.add(type);
        Structure root = derivation.structure(type, null);
        return new RecordShape(root, Collections.unmodifiableMap(derivation.definitions));
    }

    private Structure structure(Class<?> type, @Nullable String tag) {
        if (type.getTypeParameters().length > 0) {
            throw new IllegalArgumentException(
                    type.getName() + " has type parameters: declare a record without them for this use");
        }
        List<Component> components = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            components.add(component(type, tag, component));
        }
        return new Structure(
                type, tag, descriptions.apply(type), List.copyOf(components), Reflection.constructor(type));
    }

    private Component component(Class<?> type, @Nullable String tag, RecordComponent component) {
        String name = component.getName();
        if (tag != null && name.equals(JsonShape.TAG)) {
            throw new IllegalArgumentException("component `" + name + "` of " + type.getName()
                    + " collides with the property that tells the records of a sealed interface apart: rename it");
        }
        String where = "component `" + name + "` of " + type.getName();
        AnnotatedType declared = component.getAnnotatedType();
        JsonShape shape = shape(declared, where);
        if (Reflection.isNullable(component)) {
            shape = orNull(shape, declared, where);
        }
        return new Component(name, descriptions.apply(component), shape);
    }

    private JsonShape shape(AnnotatedType type, String where) {
        JsonShape shape =
                type instanceof AnnotatedParameterizedType generic ? container(generic, where) : simple(type, where);
        return Reflection.isNullable(type) ? orNull(shape, type, where) : shape;
    }

    private static JsonShape orNull(JsonShape shape, AnnotatedType type, String where) {
        if (type.getType() instanceof Class<?> declared && declared.isPrimitive()) {
            throw unsupported(where, type, "a primitive cannot be null, use its box or an Optional");
        }
        return shape instanceof Maybe ? shape : Maybe.nullable(shape);
    }

    private JsonShape container(AnnotatedParameterizedType type, String where) {
        AnnotatedType[] arguments = type.getAnnotatedActualTypeArguments();
        Class<?> raw = Reflection.raw(type.getType());
        if (raw == List.class || raw == Set.class) {
            return new Sequence(shape(arguments[0], "an element of " + where), raw == Set.class);
        }
        if (raw == Map.class) {
            if (strict) {
                throw unsupported(where, type, "strict mode has no maps, use a List of records or TypedTool.lenient");
            }
            if (arguments[0].getType() != String.class) {
                throw unsupported(where, type, "the names in a JSON object are strings, use Map<String, …>");
            }
            return new Dictionary(shape(arguments[1], "a value of " + where));
        }
        if (raw == Optional.class) {
            JsonShape value = shape(arguments[0], "the value of " + where);
            if (value instanceof Maybe) {
                throw unsupported(where, type, "JSON has one null, not two, use one Optional");
            }
            return new Maybe(value, Optional.empty(), Optional::of);
        }
        throw unsupported(where, type, Reflection.advice(raw));
    }

    private JsonShape simple(AnnotatedType annotated, String where) {
        if (!(annotated.getType() instanceof Class<?> type)) {
            throw unsupported(where, annotated, "use a List for an array, and a concrete type for a type variable");
        }
        JsonShape known = Scalars.of(type);
        if (known == null) {
            known = OPTIONAL_NUMBERS.get(type);
        }
        if (known != null) {
            return known;
        }
        if (type.isEnum()) {
            return choice(type, where);
        }
        if (type.isRecord()) {
            return named(type, () -> structure(type, null));
        }
        if (type.isInterface() && type.isSealed()) {
            return named(type, () -> union(type));
        }
        throw unsupported(where, annotated, Reflection.advice(type));
    }

    /** Derives a type that may contain itself: once, and by reference if it does. */
    private JsonShape named(Class<?> type, Supplier<JsonShape> derive) {
        JsonShape known = derived.get(type);
        if (known != null) {
            return known;
        }
        if (!open.add(type)) {
            recursive.add(type);
            return new Reference(type);
        }
        JsonShape shape = derive.get();
        open.remove(type);
        if (recursive.contains(type)) {
            definitions.put(type, shape);
            shape = new Reference(type);
        }
        derived.put(type, shape);
        return shape;
    }

    private Choice choice(Class<?> type, String where) {
        Map<String, Object> constants = new LinkedHashMap<>();
        for (Object constant : type.getEnumConstants()) {
            constants.put(((Enum<?>) constant).name(), constant);
        }
        if (constants.isEmpty()) {
            throw new IllegalArgumentException(
                    where + " is of the enum " + type.getName() + ", which has no constants");
        }
        return new Choice(Collections.unmodifiableMap(constants), descriptions.apply(type));
    }

    private Union union(Class<?> type) {
        Map<String, Structure> alternatives = new LinkedHashMap<>();
        for (Class<?> permitted : Reflection.permittedRecords(type)) {
            String tag = permitted.getSimpleName();
            Structure other = alternatives.put(tag, structure(permitted, tag));
            if (other != null) {
                throw new IllegalArgumentException(type.getName() + " permits two records named " + tag + ", "
                        + other.type().getName() + " and " + permitted.getName()
                        + ": the model tells them apart by that name, so rename one");
            }
        }
        return new Union(Collections.unmodifiableMap(alternatives), descriptions.apply(type));
    }

    private static IllegalArgumentException unsupported(String where, AnnotatedType type, String advice) {
        return new IllegalArgumentException(
                where + " has the unsupported type " + type.getType().getTypeName() + ": " + advice);
    }
}
