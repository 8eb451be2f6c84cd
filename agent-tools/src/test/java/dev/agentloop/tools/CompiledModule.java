package dev.agentloop.tools;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.Configuration;
import java.lang.module.ModuleFinder;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A module that a test writes, compiles with javac and loads in a layer of its own, with this library as modules. */
final class CompiledModule {
    private CompiledModule() {}

    /**
     * Compiles and loads.
     *
     * @param sources file names, such as {@code com/example/App.java}, to their text
     */
    static ClassLoader load(Path folder, String module, Map<String, String> sources) throws IOException {
        List<Path> libraries = libraries();
        Path classes = folder.resolve("classes");
        List<String> arguments = new ArrayList<>(List.of(
                "--release",
                "17",
                "-d",
                classes.toString(),
                "--module-path",
                libraries.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator))));
        for (Map.Entry<String, String> source : sources.entrySet()) {
            Path file = folder.resolve("sources").resolve(source.getKey());
            Files.createDirectories(file.getParent());
            Files.writeString(file, source.getValue());
            arguments.add(file.toString());
        }
        compile(arguments);
        Path[] modules = Stream.concat(Stream.of(classes), libraries.stream()).toArray(Path[]::new);
        ModuleLayer boot = ModuleLayer.boot();
        Configuration configuration =
                boot.configuration().resolve(ModuleFinder.of(modules), ModuleFinder.of(), Set.of(module));
        return boot.defineModulesWithOneLoader(configuration, ClassLoader.getPlatformClassLoader())
                .findLoader(module);
    }

    private static void compile(List<String> arguments) {
        ToolProvider javac = ToolProvider.findFirst("javac").orElseThrow();
        StringWriter messages = new StringWriter();
        PrintWriter out = new PrintWriter(messages);
        if (javac.run(out, out, arguments.toArray(String[]::new)) != 0) {
            throw new IllegalStateException(messages.toString());
        }
    }

    // Databind brings it; named by its text, it is no dependency of these tests.
    private static Class<?> annotations() {
        try {
            return Class.forName("com.fasterxml.jackson.annotation.JsonProperty");
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Where this library and what it needs lie on the class path of the test. */
    private static List<Path> libraries() {
        return Stream.of(
                        TypedTool.class,
                        dev.agentloop.Tool.class,
                        com.fasterxml.jackson.core.JsonFactory.class,
                        com.fasterxml.jackson.databind.JsonNode.class,
                        annotations(),
                        org.slf4j.Logger.class,
                        org.jspecify.annotations.Nullable.class)
                .map(type -> Path.of(URI.create(
                        type.getProtectionDomain().getCodeSource().getLocation().toString())))
                .toList();
    }
}
