package dev.agentloop.examples.policy;

import static java.util.stream.Collectors.joining;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What a module promises to everybody: the packages that it exports to all, and the public types in them. */
final class PublicApi {
    private final ModuleDescriptor module;
    private final Path classes;

    private PublicApi(ModuleDescriptor module, Path classes) {
        this.module = module;
        this.classes = classes;
    }

    /** Reads the compiled classes of a module, which must also be on the class path. */
    static PublicApi of(Path moduleFolder) {
        Path classes = Repository.classes(moduleFolder);
        try (InputStream descriptor = Files.newInputStream(classes.resolve("module-info.class"))) {
            return new PublicApi(ModuleDescriptor.read(descriptor), classes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    ModuleDescriptor module() {
        return module;
    }

    /** The packages that are exported to all, sorted. */
    List<String> packages() {
        return module.exports().stream()
                .filter(export -> !export.isQualified())
                .map(ModuleDescriptor.Exports::source)
                .sorted()
                .toList();
    }

    /** The public top-level types of an exported package, sorted by name. */
    List<Class<?>> types(String packageName) {
        try (Stream<Path> files = Files.list(classes.resolve(packageName.replace('.', '/')))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.contains("$") && !name.contains("-"))
                    .map(name -> packageName + "." + name.substring(0, name.length() - ".class".length()))
                    .sorted()
                    .<Class<?>>map(PublicApi::load)
                    .filter(type -> Modifier.isPublic(type.getModifiers()))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Class<?>> topLevelTypes() {
        return packages().stream().flatMap(name -> types(name).stream()).toList();
    }

    /** The text of api.txt: one line a package, type or member, nested by indentation, in an order of its own. */
    String describe() {
        List<String> lines = new ArrayList<>();
        lines.add("module " + module.name());
        module.requires().stream()
                .filter(required -> required.modifiers().contains(ModuleDescriptor.Requires.Modifier.TRANSITIVE))
                .map(required -> "requires transitive " + required.name())
                .sorted()
                .forEach(lines::add);
        for (String packageName : packages()) {
            lines.add("");
            lines.add("package " + packageName);
            types(packageName).forEach(type -> describe(type, "  ", lines));
        }
        return lines.stream().collect(joining("\n", "", "\n"));
    }

    private static void describe(Class<?> type, String indent, List<String> lines) {
        lines.add(indent + Signatures.of(type));
        String deeper = indent + "  ";
        Signatures.members(type).forEach(member -> lines.add(deeper + member));
        Stream.of(type.getDeclaredClasses())
                .filter(nested -> Signatures.isPromised(nested.getModifiers()))
                .sorted(Comparator.comparing(Class::getName))
                .forEach(nested -> describe(nested, deeper, lines));
    }

    /** The folder of the module's compiled classes. */
    Path classes() {
        return classes;
    }

    static Class<?> load(String name) {
        try {
            return Class.forName(name, false, PublicApi.class.getClassLoader());
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(name + " is compiled but not on the class path of these tests", e);
        }
    }
}
