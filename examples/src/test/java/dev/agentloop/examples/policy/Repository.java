package dev.agentloop.examples.policy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** The checked-out repository that these tests run in. */
final class Repository {
    private static final Set<String> NOT_SOURCES = Set.of("target", ".git", ".idea", ".vscode", ".settings");

    private static final Path ROOT = find();

    private Repository() {}

    static Path root() {
        return ROOT;
    }

    /** The folder of the command line, which is published for what it does and promises no Java API. */
    static Path program() {
        return ROOT.resolve("agent-cli");
    }

    /** The folders of the modules that users depend on: all that are published with a module descriptor but the program. */
    static List<Path> libraries() {
        try (Stream<Path> folders = Files.list(ROOT)) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith("agent-"))
                    .filter(folder -> Files.exists(folder.resolve("src/main/java/module-info.java")))
                    .filter(folder -> !folder.equals(program()))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where Maven puts the compiled main classes of a module. */
    static Path classes(Path module) {
        return module.resolve("target/classes");
    }

    /** Every file of the repository that a person may have written, whatever its kind. */
    static List<Path> files() {
        return files(ROOT);
    }

    static List<Path> javaFiles() {
        return files().stream()
                .filter(file -> file.toString().endsWith(".java"))
                .toList();
    }

    /** The path from the root, with slashes everywhere: what a failure names. */
    static String name(Path file) {
        return ROOT.relativize(file).toString().replace('\\', '/');
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> files(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.filter(
                            entry -> !NOT_SOURCES.contains(entry.getFileName().toString()))
                    .flatMap(entry -> Files.isDirectory(entry) ? files(entry).stream() : Stream.of(entry))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path find() {
        Path start = Path.of("").toAbsolutePath();
        for (Path folder = start; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve("agent-bom/pom.xml"))) {
                return folder;
            }
        }
        throw new IllegalStateException("no repository at or above " + start);
    }
}
