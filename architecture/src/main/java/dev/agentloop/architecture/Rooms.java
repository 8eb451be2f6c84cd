package dev.agentloop.architecture;

import static java.util.stream.Collectors.joining;

import com.tngtech.archunit.core.domain.JavaClass;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The packages of a module as rooms in a row: what stands in one may use what stands in earlier ones, and no types go
 * round in a circle.
 *
 * <p>Nested types count as the top-level type that they are in. A public type may know the hidden type that it permits or
 * makes: that is how an interface of the API names its implementation once, and the implementation the interface.
 *
 * <pre>{@code
 * Rooms.of("dev.agentloop.tools").inOrder("internal.text", "internal.files", "").check();
 * }</pre>
 */
public final class Rooms {
    private final ModuleTypes module;
    private final List<String> order = new ArrayList<>();
    private final Set<String> top = new TreeSet<>();
    private final Set<String> own = new TreeSet<>();

    Rooms(ModuleTypes module) {
        this.module = module;
    }

    /**
     * The production types of the module whose tests run: those in {@code target/classes} of the working directory.
     *
     * @param rootPackage the package that all of them are in or below
     */
    public static Rooms of(String rootPackage) {
        return new Rooms(ModuleTypes.in(Path.of("target", "classes"), rootPackage));
    }

    /** All packages with types, the one that uses no other first; relative to the root, which is {@code ""}. */
    public Rooms inOrder(String... packages) {
        order.addAll(List.of(packages));
        return this;
    }

    /** Types, named relative to the root package, that stand above all packages whichever they are in. */
    public Rooms top(String... typeNames) {
        top.addAll(List.of(typeNames));
        return this;
    }

    /** A type, named relative to the root package, that no other package may hand around in parameters or records. */
    public Rooms ownType(String typeName) {
        own.add(typeName);
        return this;
    }

    /**
     * Checks all that was said.
     *
     * @throws AssertionError that names everything that is out of order
     */
    public void check() {
        List<String> faults = new ArrayList<>(namesWithoutMeaning());
        if (faults.isEmpty()) {
            List<Use> uses = Use.allIn(module);
            uses.stream()
                    .filter(use -> room(use.from()) < room(use.to()))
                    .map(use -> "A later room is used by an earlier one:\n  " + use.describe(module))
                    .forEach(faults::add);
            Circles.among(uses).stream().map(this::describe).forEach(faults::add);
            own.stream().flatMap(name -> module.handedAround(name).stream()).forEach(faults::add);
        }
        if (!faults.isEmpty()) {
            throw new AssertionError(faults.size() + " faults in the order of the module's types\n\n"
                    + String.join("\n\n", faults) + "\n");
        }
    }

    private List<String> namesWithoutMeaning() {
        List<String> faults = new ArrayList<>();
        Set<String> there = module.packages();
        Set<String> named = new HashSet<>();
        for (String name : order) {
            if (!named.add(name)) {
                faults.add("The package \"" + name + "\" is named twice in the order.");
            }
            if (!there.contains(name)) {
                faults.add("The package \"" + name + "\" is named in the order and has no types.");
            }
        }
        there.stream()
                .filter(name -> !named.contains(name))
                .map(name -> "The package \"" + name + "\" has types and no place in the order.")
                .forEach(faults::add);
        Set<String> types = new TreeSet<>(top);
        types.addAll(own);
        types.stream()
                .filter(name -> !module.hasType(name))
                .map(name -> "The type \"" + name + "\" is named in the rule and is not there.")
                .forEach(faults::add);
        return faults;
    }

    private int room(JavaClass type) {
        return top.contains(module.name(type)) ? order.size() : order.indexOf(module.packageOf(type));
    }

    /** The edges with the fewest uses first: those are the ones to cut. */
    private String describe(List<Use> circle) {
        long types = circle.stream().map(Use::from).distinct().count();
        return "A circle of " + types + " types:\n"
                + circle.stream().map(use -> "  " + use.describe(module)).collect(joining("\n"));
    }
}
