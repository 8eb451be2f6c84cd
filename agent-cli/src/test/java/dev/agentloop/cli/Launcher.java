package dev.agentloop.cli;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/**
 * The script at the root of the repository, with a build that the test prepares: it would otherwise run Maven in the folder
 * in which Maven runs these tests.
 */
final class Launcher {
    /** The root of the repository. */
    static final Path ROOT = root();

    private Launcher() {}

    private static Path root() {
        Path start = Path.of("").toAbsolutePath();
        for (Path at = start; at != null; at = at.getParent()) {
            if (Files.exists(at.resolve("agent")) && Files.exists(at.resolve("agent-bom"))) {
                return at;
            }
        }
        throw new IllegalStateException("no launcher at or above " + start);
    }

    /** Prepares a build of what these tests run, and gives its folder, for {@code AGENTLOOP_BUILD}. */
    static Path build(Path folder) throws IOException {
        Path build = Files.createDirectories(folder.resolve("a build"));
        Path jars = Files.createDirectories(build.resolve("1/lib"));
        List<String> classPath = new ArrayList<>();
        for (String entry : ChildJvm.classPath().split(File.pathSeparator)) {
            Path path = Path.of(entry);
            if (Files.isDirectory(path)) {
                path = jar(path, jars.resolve(classPath.size() + ".jar"));
            }
            classPath.add(path.toString());
        }
        Files.writeString(build.resolve("1/classpath"), String.join(File.pathSeparator, classPath) + "\n");
        Files.createFile(build.resolve("1/started"));
        Files.writeString(build.resolve("current"), build.resolve("1") + "\n");
        return build;
    }

    private static Path jar(Path classes, Path jar) throws IOException {
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file);
                Stream<Path> files = Files.walk(classes)) {
            files.filter(Files::isRegularFile).forEach(path -> {
                try {
                    out.putNextEntry(new JarEntry(classes.relativize(path).toString()));
                    Files.copy(path, out);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
        return jar;
    }
}
