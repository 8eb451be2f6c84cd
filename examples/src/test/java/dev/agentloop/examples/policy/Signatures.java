package dev.agentloop.examples.policy;

import static java.util.stream.Collectors.joining;

import java.lang.reflect.AnnotatedArrayType;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.AnnotatedTypeVariable;
import java.lang.reflect.AnnotatedWildcardType;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.TypeVariable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes types and members as a reader of Java would, with simple names and nullness, the same on every JDK. */
final class Signatures {
    private Signatures() {}

    static boolean isPromised(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    static String of(Class<?> type) {
        StringBuilder text = new StringBuilder(modifiers(type)).append(type.getSimpleName());
        text.append(typeParameters(type.getTypeParameters()));
        if (type.isRecord()) {
            text.append(Stream.of(type.getRecordComponents())
                    .map(component -> of(component.getAnnotatedType()) + " " + component.getName())
                    .collect(joining(", ", "(", ")")));
        }
        AnnotatedType parent = type.getAnnotatedSuperclass();
        if (parent != null && !type.isRecord() && !type.isEnum() && parent.getType() != Object.class) {
            text.append(" extends ").append(of(parent));
        }
        if (type.getAnnotatedInterfaces().length > 0) {
            text.append(Stream.of(type.getAnnotatedInterfaces())
                    .map(Signatures::of)
                    .sorted()
                    .collect(joining(", ", type.isInterface() ? " extends " : " implements ", "")));
        }
        return text.toString();
    }

    /** Enum constants in their own order, then everything else sorted; what a record or an enum implies is left out. */
    static List<String> members(Class<?> type) {
        Stream<String> constants = fields(type).filter(Field::isEnumConstant).map(Field::getName);
        Stream<String> others = Stream.of(
                        fields(type).filter(field -> !field.isEnumConstant()).map(Signatures::of),
                        promised(type.getDeclaredConstructors())
                                .filter(constructor -> !isCanonical(type, constructor))
                                .map(Signatures::of),
                        promised(type.getDeclaredMethods())
                                .filter(method -> !isImplied(type, method))
                                .map(Signatures::of))
                .flatMap(lines -> lines)
                .sorted();
        return Stream.concat(constants, others).toList();
    }

    private static Stream<Field> fields(Class<?> type) {
        return Stream.of(type.getDeclaredFields())
                .filter(field -> isPromised(field.getModifiers()) && !field.isSynthetic());
    }

    private static <E extends Executable> Stream<E> promised(E[] executables) {
        return Stream.of(executables)
                .filter(executable -> isPromised(executable.getModifiers()) && !executable.isSynthetic());
    }

    private static String of(Field field) {
        String modifiers = Modifier.toString(field.getModifiers() & ~Modifier.PUBLIC);
        return spaced(modifiers) + of(field.getAnnotatedType()) + " " + field.getName();
    }

    private static String of(Constructor<?> constructor) {
        return access(constructor) + "new" + parametersAndThrows(constructor);
    }

    private static String of(Method method) {
        int kept = Modifier.STATIC | Modifier.ABSTRACT | Modifier.FINAL;
        if (method.getDeclaringClass().isInterface()) {
            kept = Modifier.STATIC;
        }
        String modifiers = method.isDefault() ? "default" : Modifier.toString(method.getModifiers() & kept);
        String typeParameters = typeParameters(method.getTypeParameters());
        return access(method) + spaced(modifiers) + spaced(typeParameters) + of(method.getAnnotatedReturnType()) + " "
                + method.getName() + parametersAndThrows(method);
    }

    private static String parametersAndThrows(Executable executable) {
        AnnotatedType[] types = executable.getAnnotatedParameterTypes();
        String parameters = Stream.of(types).map(Signatures::of).collect(joining(", ", "(", ")"));
        if (executable.isVarArgs()) {
            parameters = parameters.replaceFirst("\\[]\\)$", "...)");
        }
        AnnotatedType[] thrown = executable.getAnnotatedExceptionTypes();
        return thrown.length == 0
                ? parameters
                : Stream.of(thrown).map(Signatures::of).sorted().collect(joining(", ", parameters + " throws ", ""));
    }

    private static String of(AnnotatedType type) {
        String nullness = type.isAnnotationPresent(Nullable.class) ? "@Nullable " : "";
        if (type instanceof AnnotatedArrayType array) {
            return of(array.getAnnotatedGenericComponentType()) + (nullness.isEmpty() ? "" : " ") + nullness + "[]";
        }
        return nullness + withoutNullness(type);
    }

    private static String withoutNullness(AnnotatedType type) {
        if (type instanceof AnnotatedParameterizedType parameterized) {
            String raw = type.getType().getTypeName().split("<", 2)[0];
            return simpleName(raw) + list(parameterized.getAnnotatedActualTypeArguments(), ", ", "<", ">");
        }
        if (type instanceof AnnotatedWildcardType wildcard) {
            AnnotatedType[] lower = wildcard.getAnnotatedLowerBounds();
            return lower.length > 0 ? "? super " + of(lower[0]) : "?" + bounds(wildcard.getAnnotatedUpperBounds());
        }
        if (type instanceof AnnotatedTypeVariable || !(type.getType() instanceof Class<?> plain)) {
            return type.getType().getTypeName();
        }
        return simpleName(plain);
    }

    private static String typeParameters(TypeVariable<?>[] variables) {
        return variables.length == 0
                ? ""
                : Stream.of(variables)
                        .map(variable -> variable.getName() + bounds(variable.getAnnotatedBounds()))
                        .collect(joining(", ", "<", ">"));
    }

    private static String bounds(AnnotatedType[] bounds) {
        String text = list(bounds, " & ", " extends ", "");
        return text.equals(" extends Object") ? "" : text;
    }

    private static String list(AnnotatedType[] types, String separator, String before, String after) {
        return types.length == 0 ? "" : Stream.of(types).map(Signatures::of).collect(joining(separator, before, after));
    }

    private static String modifiers(Class<?> type) {
        if (type.isRecord() || type.isEnum()) {
            return type.isRecord() ? "record " : "enum ";
        }
        String kind = type.isAnnotation() ? "@interface " : type.isInterface() ? "interface " : "class ";
        String inherited = type.isSealed() ? "sealed " : Modifier.isFinal(type.getModifiers()) ? "final " : "";
        boolean isAbstract = !type.isInterface() && Modifier.isAbstract(type.getModifiers());
        return inherited + (isAbstract ? "abstract " : "") + kind;
    }

    private static boolean isCanonical(Class<?> type, Constructor<?> constructor) {
        return type.isRecord()
                && Arrays.equals(
                        constructor.getParameterTypes(),
                        Stream.of(type.getRecordComponents())
                                .map(RecordComponent::getType)
                                .toArray());
    }

    private static boolean isImplied(Class<?> type, Method method) {
        String signature = method.getName()
                + Stream.of(method.getParameterTypes())
                        .map(Class::getSimpleName)
                        .collect(joining(",", "(", ")"));
        if (List.of("equals(Object)", "hashCode()", "toString()").contains(signature)) {
            return true;
        }
        if (type.isEnum() && List.of("values()", "valueOf(String)").contains(signature)) {
            return true;
        }
        return type.isRecord()
                && Stream.of(type.getRecordComponents()).anyMatch(component -> method.equals(component.getAccessor()));
    }

    private static String access(Executable executable) {
        return Modifier.isProtected(executable.getModifiers()) ? "protected " : "";
    }

    private static String spaced(String text) {
        return text.isEmpty() ? "" : text + " ";
    }

    private static String simpleName(Class<?> type) {
        return simpleName(type.getTypeName());
    }

    /** Drops the packages of a name and keeps the types around a nested one. */
    private static String simpleName(String name) {
        return name.replaceAll("(?:\\p{javaLowerCase}[\\w]*\\.)+", "").replace('$', '.');
    }
}
