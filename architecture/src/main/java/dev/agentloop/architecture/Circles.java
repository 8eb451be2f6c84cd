package dev.agentloop.architecture;

import com.tngtech.archunit.core.domain.JavaClass;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Tarjan's strongly connected components of more than one type. */
final class Circles {
    private final Map<JavaClass, List<Use>> uses = new HashMap<>();
    private final Map<JavaClass, Integer> visited = new HashMap<>();
    private final Deque<JavaClass> open = new ArrayDeque<>();
    private final List<Set<JavaClass>> components = new ArrayList<>();

    private Circles() {}

    /** Each circle as the uses that it consists of, those with the fewest places first. */
    static List<List<Use>> among(List<Use> uses) {
        Circles circles = new Circles();
        uses.forEach(use -> circles.uses
                .computeIfAbsent(use.from(), type -> new ArrayList<>())
                .add(use));
        for (Use use : uses) {
            if (!circles.visited.containsKey(use.from())) {
                circles.visit(use.from());
            }
        }
        return circles.components.stream()
                .filter(types -> types.size() > 1)
                .map(types -> uses.stream()
                        .filter(use -> types.contains(use.from()) && types.contains(use.to()))
                        .sorted(Comparator.comparingInt(use -> use.places().size()))
                        .toList())
                .toList();
    }

    private int visit(JavaClass type) {
        int number = visited.size();
        visited.put(type, number);
        open.push(type);
        int low = number;
        for (Use use : uses.getOrDefault(type, List.of())) {
            Integer seen = visited.get(use.to());
            if (seen == null) {
                low = Math.min(low, visit(use.to()));
            } else if (open.contains(use.to())) {
                low = Math.min(low, seen);
            }
        }
        if (low == number) {
            components.add(component(type));
        }
        return low;
    }

    private Set<JavaClass> component(JavaClass first) {
        Set<JavaClass> types = new HashSet<>();
        JavaClass type;
        do {
            type = open.pop();
            types.add(type);
        } while (!type.equals(first));
        return types;
    }
}
