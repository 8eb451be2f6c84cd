package dev.agentloop.tools;

import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.Constructor;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
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
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Fills records with random values, by their declaration alone; the same seed gives the same values. */
final class RandomRecords {
    private static final int DEEP = 4;
    private static final Map<Class<?>, Function<Random, Object>> SCALARS = Map.ofEntries(
            Map.entry(boolean.class, Random::nextBoolean),
            Map.entry(byte.class, random -> (byte) random.nextInt()),
            Map.entry(short.class, random -> (short) random.nextInt()),
            Map.entry(int.class, Random::nextInt),
            Map.entry(Integer.class, Random::nextInt),
            Map.entry(long.class, Random::nextLong),
            Map.entry(float.class, RandomRecords::nextFloat),
            Map.entry(double.class, RandomRecords::nextDouble),
            Map.entry(BigInteger.class, random -> new BigInteger(200, random).subtract(BigInteger.ONE.shiftLeft(199))),
            Map.entry(BigDecimal.class, random -> new BigDecimal(new BigInteger(90, random), random.nextInt(60) - 30)),
            Map.entry(String.class, RandomRecords::nextString),
            Map.entry(UUID.class, random -> new UUID(random.nextLong(), random.nextLong())),
            Map.entry(URI.class, random -> URI.create((random.nextBoolean() ? "https://a.example/" : "b/") + "?q=1#f")),
            Map.entry(Instant.class, random -> nextMoment(random).toInstant()),
            Map.entry(OffsetDateTime.class, RandomRecords::nextMoment),
            Map.entry(OffsetTime.class, random -> nextMoment(random).toOffsetTime()),
            Map.entry(LocalDate.class, random -> nextMoment(random).toLocalDate()),
            Map.entry(LocalTime.class, random -> nextMoment(random).toLocalTime()),
            Map.entry(LocalDateTime.class, random -> nextMoment(random).toLocalDateTime()),
            Map.entry(Duration.class, random -> Duration.ofSeconds(random.nextInt(1_000_000))),
            Map.entry(
                    Period.class, random -> Period.of(random.nextInt(9), 1 + random.nextInt(9), 1 + random.nextInt(9))),
            Map.entry(OptionalInt.class, random -> random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(7)),
            Map.entry(OptionalLong.class, random -> random.nextBoolean() ? OptionalLong.empty() : OptionalLong.of(7)),
            Map.entry(
                    OptionalDouble.class,
                    random -> random.nextBoolean() ? OptionalDouble.empty() : OptionalDouble.of(nextDouble(random))));

    private final Random random;

    RandomRecords(Random random) {
        this.random = random;
    }

    <R extends Record> R next(Class<R> type) {
        return type.cast(record(type, 0));
    }

    private Object record(Class<?> type, int depth) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types =
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        Object[] values = Arrays.stream(components)
                .map(component -> value(component.getAnnotatedType(), depth + 1))
                .toArray();
        try {
            Constructor<?> constructor = type.getDeclaredConstructor(types);
            return constructor.newInstance(values);
        } catch (ReflectiveOperationException e) {
            throw new LinkageError(e.getMessage(), e);
        }
    }

    private @Nullable Object value(AnnotatedType type, int depth) {
        if (type.isAnnotationPresent(Nullable.class) && (depth > DEEP || random.nextBoolean())) {
            return null;
        }
        if (type instanceof AnnotatedParameterizedType generic) {
            return container(generic, depth);
        }
        Class<?> raw = (Class<?>) type.getType();
        if (SCALARS.containsKey(raw)) {
            return SCALARS.get(raw).apply(random);
        }
        if (raw.isEnum()) {
            return raw.getEnumConstants()[random.nextInt(raw.getEnumConstants().length)];
        }
        return record(raw.isRecord() ? raw : permitted(raw, depth), depth);
    }

    /** One of the records of a sealed interface: when deep, the last, which in the zoo is one that ends. */
    private Class<?> permitted(Class<?> type, int depth) {
        Class<?>[] permitted = type.getPermittedSubclasses();
        Class<?> chosen = permitted[depth > DEEP ? permitted.length - 1 : random.nextInt(permitted.length)];
        return chosen.isRecord() ? chosen : permitted(chosen, depth);
    }

    private Object container(AnnotatedParameterizedType type, int depth) {
        AnnotatedType[] arguments = type.getAnnotatedActualTypeArguments();
        Class<?> raw = (Class<?>) ((ParameterizedType) type.getType()).getRawType();
        int size = depth > DEEP ? 0 : random.nextInt(4);
        if (raw == Optional.class) {
            return size == 0 ? Optional.empty() : Optional.ofNullable(value(arguments[0], depth));
        }
        if (raw == Map.class) {
            Map<String, Object> map = new LinkedHashMap<>();
            for (int i = 0; i < size; i++) {
                map.put(nextString(random), value(arguments[1], depth));
            }
            return map;
        }
        List<Object> elements = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            elements.add(value(arguments[0], depth));
        }
        return raw == Set.class ? new LinkedHashSet<>(elements) : elements;
    }

    private static float nextFloat(Random random) {
        float value = Float.intBitsToFloat(random.nextInt());
        return Float.isFinite(value) && value != 0 ? value : 0.1f;
    }

    private static double nextDouble(Random random) {
        double value = Double.longBitsToDouble(random.nextLong());
        return Double.isFinite(value) && value != 0 ? value : 0.1;
    }

    private static String nextString(Random random) {
        String alphabet = "aZ0 .\"\\/\n\t\u0000\u007f{}[]:,éßıİΩ漢\u2028";
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(8); i > 0; i--) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return random.nextInt(4) == 0 ? text.appendCodePoint(0x1F600).toString() : text.toString();
    }

    private static OffsetDateTime nextMoment(Random random) {
        long seconds = random.nextLong(-62_135_000_000L, 253_402_000_000L);
        int nanos = random.nextBoolean() ? 0 : random.nextInt(1_000_000_000);
        ZoneOffset offset = ZoneOffset.ofTotalSeconds(60 * (random.nextInt(2 * 18 * 60) - 18 * 60));
        return Instant.ofEpochSecond(seconds, nanos).atOffset(offset);
    }
}
