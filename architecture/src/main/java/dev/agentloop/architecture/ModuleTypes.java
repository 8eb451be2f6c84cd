package dev.agentloop.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The compiled types of one module, without those of other modules that share its package prefix. */
final class ModuleTypes {
    private final JavaClasses classes;
    private final String root;
    private final Set<String> exported;

    private ModuleTypes(JavaClasses classes, String root, Set<String> exported) {
        this.classes = classes;
        this.root = root;
        this.exported = exported;
    }

    static ModuleTypes in(Path folder, String rootPackage) {
        if (!Files.isDirectory(folder)) {
            throw new IllegalStateException("no compiled classes in " + folder.toAbsolutePath()
                    + ": compile the module, and run its tests in its own folder");
        }
        return of(new ClassFileImporter().importPath(folder), rootPackage, exported(folder));
    }

    static ModuleTypes of(JavaClasses classes, String rootPackage, Set<String> exported) {
        return new ModuleTypes(classes, rootPackage, exported);
    }

    /** Those that everybody may use; none where the module has no descriptor, as a program. */
    private static Set<String> exported(Path folder) {
        Path file = folder.resolve("module-info.class");
        if (!Files.exists(file)) {
            return Set.of();
        }
        try (InputStream descriptor = Files.newInputStream(file)) {
            return ModuleDescriptor.read(descriptor).exports().stream()
                    .filter(export -> !export.isQualified())
                    .map(ModuleDescriptor.Exports::source)
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All types, nested ones too; descriptions of packages and of the module are none. */
    List<JavaClass> all() {
        return classes.stream()
                .filter(type -> !type.getSimpleName().endsWith("-info"))
                .toList();
    }

    boolean contains(JavaClass type) {
        return classes.contain(type.getName());
    }

    /** The type of the file that it is written in; an array counts as its elements. */
    static JavaClass topLevel(JavaClass type) {
        JavaClass outer = type.getBaseComponentType();
        while (outer.getEnclosingClass().isPresent()) {
            outer = outer.getEnclosingClass().get();
        }
        return outer;
    }

    /** The packages with types, relative to the root; by their full names where they are outside of it. */
    Set<String> packages() {
        return all().stream().map(this::packageOf).collect(Collectors.toCollection(TreeSet::new));
    }

    boolean hasType(String name) {
        return classes.contain(absolute(name));
    }

    String packageOf(JavaClass type) {
        return relative(type.getPackageName());
    }

    String name(JavaClass type) {
        return relative(type.getName());
    }

    /** A sentence about types with the root package left out of it. */
    String shortened(String text) {
        return text.replace(root + ".", "");
    }

    /** Whether everybody may use it, and not only this build. */
    boolean isPublic(JavaClass type) {
        return type.getModifiers().contains(JavaModifier.PUBLIC) && exported.contains(type.getPackageName());
    }

    /** A sentence for each parameter and each component of a record that has this type in another package. */
    List<String> handedAround(String typeName) {
        JavaClass own = classes.get(absolute(typeName));
        List<String> faults = new ArrayList<>();
        for (JavaClass type : all()) {
            if (!type.getPackageName().equals(own.getPackageName())) {
                type.getCodeUnits().stream()
                        .filter(method -> takes(method, own))
                        .map(method -> "A parameter of " + shortened(method.getFullName()))
                        .forEach(faults::add);
                type.getFields().stream()
                        .filter(field -> type.isRecord() && has(field, own))
                        .map(field -> "The component " + shortened(field.getFullName()))
                        .forEach(faults::add);
            }
        }
        faults.replaceAll(where -> where + " is a " + typeName + ", which stays in its own package.");
        return faults;
    }

    /** What the compiler passes to a lambda or an anonymous class is a variable, and no parameter that somebody wrote. */
    private static boolean takes(JavaCodeUnit method, JavaClass own) {
        return !method.getModifiers().contains(JavaModifier.SYNTHETIC)
                && !method.getOwner().isAnonymousClass()
                && method.getParameters().stream()
                        .anyMatch(parameter ->
                                parameter.getType().getAllInvolvedRawTypes().contains(own));
    }

    private static boolean has(JavaField field, JavaClass own) {
        return !field.getModifiers().contains(JavaModifier.STATIC)
                && field.getAllInvolvedRawTypes().contains(own);
    }

    private String absolute(String name) {
        return root + "." + name;
    }

    private String relative(String name) {
        if (name.equals(root)) {
            return "";
        }
        return name.startsWith(root + ".") ? name.substring(root.length() + 1) : name;
    }
}
