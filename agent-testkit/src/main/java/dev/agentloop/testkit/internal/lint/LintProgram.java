package dev.agentloop.testkit.internal.lint;

import dev.agentloop.Prompt;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.function.Supplier;

/** The program of the linter's processes: builds the prompt of the class that it is told, and writes it into a file. */
public final class LintProgram {
    private LintProgram() {}

    /**
     * Runs with the name of the class, the name of the file, and the days by which the clock is ahead.
     *
     * @throws Exception whatever the host's code throws, for the parent to show
     */
    public static void main(String[] arguments) throws Exception {
        Class<?> type = Class.forName(arguments[0]);
        Constructor<?> constructor = constructor(type);
        Duration ahead =
                Duration.ofDays(Long.parseLong(arguments[2])).multipliedBy(25).dividedBy(24);
        Object supplier = takesClock(constructor)
                ? constructor.newInstance(Clock.offset(Clock.system(ZoneId.systemDefault()), ahead))
                : constructor.newInstance();
        Prompt prompt = (Prompt) ((Supplier<?>) supplier).get();
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        prompt.wire().forEach(buffer -> {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            request.writeBytes(bytes);
        });
        request.writeBytes("]}".getBytes(StandardCharsets.US_ASCII));
        Files.write(Path.of(arguments[1]), request.toByteArray());
    }

    /** The constructor to use: the one that takes a clock, if there is one. */
    public static Constructor<?> constructor(Class<?> type) {
        Constructor<?> found = null;
        for (Constructor<?> constructor : type.getConstructors()) {
            if (takesClock(constructor) || (found == null && constructor.getParameterCount() == 0)) {
                found = constructor;
            }
        }
        boolean nameable = Modifier.isPublic(type.getModifiers()) && !type.isAnonymousClass() && !type.isLocalClass();
        if (found == null || !nameable || Modifier.isAbstract(type.getModifiers())) {
            throw new IllegalArgumentException(
                    "the linter builds the prompt in other processes, so " + type.getName()
                            + " must be a public class with a public constructor without parameters, or with a java.time.Clock");
        }
        return found;
    }

    static boolean takesClock(Constructor<?> constructor) {
        return constructor.getParameterCount() == 1 && constructor.getParameterTypes()[0] == Clock.class;
    }
}
