package dev.agentloop.tools.internal.typed;

import org.jspecify.annotations.Nullable;

/** A place inside a JSON value, such as {@code days[2].city}; the outermost value has the empty text. */
record JsonPath(@Nullable JsonPath parent, String step) {
    static final JsonPath ROOT = new JsonPath(null, "");

    boolean isRoot() {
        return parent == null;
    }

    JsonPath field(String name) {
        return new JsonPath(this, name);
    }

    JsonPath element(int index) {
        return new JsonPath(this, "[" + index + "]");
    }

    @Override
    public String toString() {
        if (parent == null) {
            return step;
        }
        String outer = parent.toString();
        return outer.isEmpty() || step.startsWith("[") ? outer + step : outer + "." + step;
    }
}
