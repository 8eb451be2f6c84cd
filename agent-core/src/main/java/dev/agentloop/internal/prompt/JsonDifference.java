package dev.agentloop.internal.prompt;

import dev.agentloop.internal.JsonFields;
import dev.agentloop.internal.JsonFields.Field;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The first difference between two JSON values, in the order in which they are written.
 *
 * @param change what was done to it
 * @param path the way to it from the value compared, such as {@code content[0].text}; empty for the value itself
 */
record JsonDifference(String change, String path) {
    static final String EDITED = "edited";
    static final String ADDED = "added";
    static final String REMOVED = "removed";
    static final String REORDERED = "reordered";

    /** Compares two objects or two arrays. */
    static JsonDifference between(JsonFields then, JsonFields now) {
        List<Field> old = then.all();
        List<Field> fresh = now.all();
        int least = Math.min(old.size(), fresh.size());
        for (int i = 0; i < least; i++) {
            boolean sameName = old.get(i).name().equals(fresh.get(i).name());
            if (!sameName || !then.raw(old.get(i)).equals(now.raw(fresh.get(i)))) {
                return at(then, now, i);
            }
        }
        if (old.size() == fresh.size()) {
            return new JsonDifference(EDITED, "");
        }
        return old.size() > fresh.size()
                ? new JsonDifference(REMOVED, step(old.get(least), least))
                : new JsonDifference(ADDED, step(fresh.get(least), least));
    }

    /** The difference at the first place where the two do not have the same. */
    private static JsonDifference at(JsonFields then, JsonFields now, int index) {
        Field old = then.all().get(index);
        Field fresh = now.all().get(index);
        String was = identity(then, old);
        String is = identity(now, fresh);
        if (was.equals(is)) {
            return inside(then.inner(old), now.inner(fresh)).within(step(fresh, index));
        }
        boolean kept = has(now, was);
        boolean known = has(then, is);
        if (kept && known) {
            return new JsonDifference(REORDERED, step(fresh, index));
        }
        if (kept) {
            return new JsonDifference(ADDED, step(fresh, index));
        }
        if (known) {
            return new JsonDifference(REMOVED, step(old, index));
        }
        return old.name().isEmpty()
                ? inside(then.inner(old), now.inner(fresh)).within(step(fresh, index))
                : new JsonDifference(REMOVED, step(old, index));
    }

    private static JsonDifference inside(@Nullable JsonFields then, @Nullable JsonFields now) {
        return then == null || now == null ? new JsonDifference(EDITED, "") : between(then, now);
    }

    // A field is what its name says; an element of an array is known by the name in it, as a tool is, or by all of it.
    private static String identity(JsonFields of, Field field) {
        if (!field.name().isEmpty()) {
            return field.name();
        }
        JsonFields inner = of.inner(field);
        String name = inner == null ? null : inner.text("name");
        return name == null ? of.raw(field) : name;
    }

    private static boolean has(JsonFields in, String identity) {
        return in.all().stream().anyMatch(field -> identity(in, field).equals(identity));
    }

    private static String step(Field field, int index) {
        return field.name().isEmpty() ? "[" + index + "]" : field.name();
    }

    /** The same difference, seen from the value that holds this one under {@code name}. */
    JsonDifference within(String name) {
        boolean plain = path.isEmpty() || path.startsWith("[");
        return new JsonDifference(change, plain ? name + path : name + "." + path);
    }
}
