package dev.agentloop.testkit.internal.lint;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds JDKs beside the one that runs. */
final class JavaHomes {
    private static final String VARIABLE = ".*(JAVA|JDK).*HOME.*|.*(JAVA|JDK)_?\\d+.*";

    /** The version of class files of Java 1.0, less 1. */
    private static final int CLASS_FILES = 44;

    private JavaHomes() {}

    /**
     * The homes that were given, and those that variables such as {@code JAVA_HOME} name and that are new enough to run
     * {@code code}; without the one that runs.
     *
     * @throws IllegalArgumentException if there is no JDK in a home that was given
     */
    static List<Path> other(Class<?> code, List<Path> given, Map<String, String> environment) throws IOException {
        Map<Path, Path> homes = new TreeMap<>();
        for (Path home : given) {
            if (!Files.exists(home.resolve("bin").resolve("java"))) {
                throw new IllegalArgumentException("there is no JDK in " + home + ": it has no bin/java");
            }
            homes.put(home.toRealPath(), home);
        }
        for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
            if (variable.getKey().matches(VARIABLE) && feature(variable.getValue()) >= featureOf(code)) {
                Path home = Path.of(variable.getValue());
                homes.putIfAbsent(home.toRealPath(), home);
            }
        }
        homes.remove(Path.of(System.getProperty("java.home")).toRealPath());
        return List.copyOf(homes.values());
    }

    /** The version of the JDK in a folder, such as 17; 0 where there is none. */
    private static int feature(String folder) throws IOException {
        Path home = Path.of(folder);
        Path release = home.resolve("release");
        if (!home.isAbsolute()
                || !Files.exists(release)
                || !Files.exists(home.resolve("bin").resolve("java"))) {
            return 0;
        }
        return Files.readAllLines(release).stream()
                .filter(line -> line.matches("JAVA_VERSION=\"\\d+.*"))
                .map(line -> line.replaceAll("JAVA_VERSION=\"(\\d+).*", "$1"))
                .mapToInt(Integer::parseInt)
                .findFirst()
                .orElse(0);
    }

    /** The version of Java that a class needs. */
    private static int featureOf(Class<?> code) throws IOException {
        String file = "/" + code.getName().replace('.', '/') + ".class";
        try (InputStream in = code.getResourceAsStream(file)) {
            if (in == null) {
                return Runtime.version().feature();
            }
            DataInputStream head = new DataInputStream(in);
            head.readInt();
            head.readUnsignedShort();
            return head.readUnsignedShort() - CLASS_FILES;
        }
    }
}
