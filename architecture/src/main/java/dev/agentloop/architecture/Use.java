package dev.agentloop.architecture;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/** That one top-level type uses another one, at one place or at many. */
record Use(JavaClass from, JavaClass to, SortedSet<Dependency> places) {
    private static final int SHOWN = 2;

    private record Pair(JavaClass from, JavaClass to) {}

    /** All of a module but those that are free: of a public type, the hidden one that it permits or makes. */
    static List<Use> allIn(ModuleTypes module) {
        Map<Pair, SortedSet<Dependency>> found = new HashMap<>();
        for (JavaClass type : module.all()) {
            JavaClass from = ModuleTypes.topLevel(type);
            for (Dependency place : type.getDirectDependenciesFromSelf()) {
                JavaClass to = ModuleTypes.topLevel(place.getTargetClass());
                if (!from.equals(to) && module.contains(to)) {
                    found.computeIfAbsent(new Pair(from, to), pair -> new TreeSet<>())
                            .add(place);
                }
            }
        }
        FreeUses free = FreeUses.of(module);
        List<Use> uses = new ArrayList<>();
        found.forEach((pair, places) -> {
            if (!free.contain(pair.from(), pair.to())) {
                uses.add(new Use(pair.from(), pair.to(), places));
            }
        });
        uses.sort((a, b) -> a.name().compareTo(b.name()));
        return uses;
    }

    /** {@code A -> B (what is used)}, the first places in full. */
    String describe(ModuleTypes module) {
        List<String> sentences = places.stream()
                .map(Dependency::getDescription)
                .map(module::shortened)
                .toList();
        String shown = String.join("; ", sentences.subList(0, Math.min(SHOWN, sentences.size())));
        int more = sentences.size() - SHOWN;
        return module.name(from) + " -> " + module.name(to) + " (" + shown + (more > 0 ? "; and " + more + " more" : "")
                + ")";
    }

    private String name() {
        return from.getName() + " " + to.getName();
    }
}
