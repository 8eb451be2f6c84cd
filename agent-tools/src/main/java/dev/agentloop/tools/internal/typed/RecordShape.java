package dev.agentloop.tools.internal.typed;

import dev.agentloop.tools.internal.typed.JsonShape.Reference;
import dev.agentloop.tools.internal.typed.JsonShape.Structure;
import dev.agentloop.tools.internal.typed.JsonShape.Union;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The shape of one record together with the types inside it that contain themselves.
 *
 * @param root the record
 * @param definitions every type that a {@link Reference} names, other than the root's; in a fixed order
 */
public record RecordShape(Structure root, Map<Class<?>, JsonShape> definitions) {

    public RecordShape {
        checkEnds(root, definitions);
    }

    boolean isRoot(Reference reference) {
        return reference.type() == root.type();
    }

    JsonShape resolve(Reference reference) {
        if (isRoot(reference)) {
            return root;
        }
        JsonShape shape = definitions.get(reference.type());
        if (shape == null) {
            throw new IllegalStateException("no definition of " + reference.type());
        }
        return shape;
    }

    /**
     * Refuses a type whose every value needs another one inside. A model held to such a schema would write until it is
     * cut off.
     */
    private static void checkEnds(Structure root, Map<Class<?>, JsonShape> definitions) {
        Set<Class<?>> ending = new HashSet<>();
        boolean grown = true;
        while (grown) {
            grown = false;
            for (Map.Entry<Class<?>, JsonShape> definition : definitions.entrySet()) {
                grown |= ends(definition.getValue(), ending) && ending.add(definition.getKey());
            }
            grown |= ends(root, ending) && ending.add(root.type());
        }
        definitions.forEach((type, shape) -> {
            if (!ending.contains(type)) {
                throw endless(type, shape, ending);
            }
        });
        if (!ending.contains(root.type())) {
            throw endless(root.type(), root, ending);
        }
    }

    /** Whether there is a finite value, as far as is known; null and empty arrays and maps are such values. */
    private static boolean ends(JsonShape shape, Set<Class<?>> ending) {
        if (shape instanceof Reference reference) {
            return ending.contains(reference.type());
        }
        if (shape instanceof Structure structure) {
            return structure.components().stream().allMatch(component -> ends(component.shape(), ending));
        }
        if (shape instanceof Union union) {
            return union.alternatives().values().stream().anyMatch(alternative -> ends(alternative, ending));
        }
        return true;
    }

    private static IllegalArgumentException endless(Class<?> type, JsonShape shape, Set<Class<?>> ending) {
        String where = shape instanceof Structure structure
                ? structure.components().stream()
                        .filter(component -> !ends(component.shape(), ending))
                        .map(component -> "component `" + component.name() + "`")
                        .findFirst()
                        .orElseThrow()
                : "every record of it";
        return new IllegalArgumentException(type.getName() + " has no end: " + where
                + " always holds another one. Make it @Nullable, an Optional or a List");
    }
}
