package dev.agentloop.tools.internal.typed;

import java.lang.reflect.AccessibleObject;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Calendar;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What Java tells of types, and the ways into a record, private ones too; where its module forbids that, the error says
 * the line to add.
 */
final class Reflection {
    private Reflection() {}

    /** The class behind a type; Object where there is none. */
    static Class<?> raw(Type type) {
        if (type instanceof Class<?> raw) {
            return raw;
        }
        return type instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : Object.class;
    }

    /** The n-th type argument; Object where there is none. */
    static Type argument(Type type, int n) {
        Type[] arguments = type instanceof ParameterizedType generic ? generic.getActualTypeArguments() : new Type[0];
        return n < arguments.length ? arguments[n] : Object.class;
    }

    /** Whether an annotation named {@code Nullable} is there, whoever declared it. */
    static boolean isNullable(AnnotatedElement element) {
        return Arrays.stream(element.getAnnotations())
                .anyMatch(annotation ->
                        annotation.annotationType().getSimpleName().equals("Nullable"));
    }

    /** The records of a sealed interface, those of sealed interfaces inside it included, in the order of declaration. */
    static Set<Class<?>> permittedRecords(Class<?> sealedInterface) {
        Set<Class<?>> records = new LinkedHashSet<>();
        for (Class<?> permitted : sealedInterface.getPermittedSubclasses()) {
            if (permitted.isRecord()) {
                records.add(permitted);
            } else if (permitted.isInterface() && permitted.isSealed()) {
                records.addAll(permittedRecords(permitted));
            } else {
                throw new IllegalArgumentException(sealedInterface.getName() + " permits " + permitted.getName()
                        + ", which is neither a record nor a sealed interface: make it a record");
            }
        }
        return records;
    }

    /** Whether a value of this class can stand where a sealed interface is declared. */
    static boolean implementsSealed(Class<?> type) {
        return Arrays.stream(type.getInterfaces()).anyMatch(parent -> parent.isSealed() || implementsSealed(parent));
    }

    /** What to declare in place of a type that has no JSON form here. */
    static String advice(Class<?> type) {
        if (type.isArray()) {
            return "use a List";
        }
        if (List.of(List.class, Set.class, Map.class, Optional.class).contains(type)) {
            return "say what it holds, such as List<String>";
        }
        if (Collection.class.isAssignableFrom(type)) {
            return "use List or Set";
        }
        if (Map.class.isAssignableFrom(type)) {
            return "use Map";
        }
        if (List.of(Date.class, Calendar.class, ZonedDateTime.class).contains(type)) {
            return "use Instant or OffsetDateTime";
        }
        if (type == char.class || type == Character.class) {
            return "use String";
        }
        if (type.getTypeParameters().length > 0) {
            return "use a type without type parameters";
        }
        return type.isInterface() ? "use a sealed interface of records" : "use a record";
    }

    /** The canonical constructor. */
    static Constructor<?> constructor(Class<?> type) {
        Class<?>[] parameters = Arrays.stream(type.getRecordComponents())
                .map(RecordComponent::getType)
                .toArray(Class<?>[]::new);
        try {
            return open(type, type.getDeclaredConstructor(parameters));
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException(type + " has no canonical constructor", e);
        }
    }

    /** The accessor of a component. */
    static Method accessor(RecordComponent component) {
        return open(component.getDeclaringRecord(), component.getAccessor());
    }

    private static <T extends AccessibleObject> T open(Class<?> type, T member) {
        if (!member.trySetAccessible()) {
            Module reader = Reflection.class.getModule();
            throw new IllegalArgumentException(type.getName() + " cannot be reached: module "
                    + type.getModule().getName() + " does not open its package. Add this line to its module-info.java: "
                    + "opens " + type.getPackageName() + (reader.isNamed() ? " to " + reader.getName() : "") + ";");
        }
        return member;
    }
}
