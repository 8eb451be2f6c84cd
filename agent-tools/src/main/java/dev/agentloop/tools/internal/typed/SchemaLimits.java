package dev.agentloop.tools.internal.typed;

import java.util.Collection;

/**
 * Counts what a schema in strict mode may hold at most; from OpenAI's guide to structured outputs, section "Supported
 * schemas".
 *
 * <p>A schema over a limit would be refused by the server with the first request; this says it when the tool is built.
 */
final class SchemaLimits {
    private static final int PROPERTIES = 5_000;
    private static final int LEVELS = 10;
    private static final int NAME_CHARACTERS = 120_000;
    private static final int ENUM_VALUES = 1_000;
    private static final int LARGE_ENUM = 250;
    private static final int LARGE_ENUM_CHARACTERS = 15_000;

    private final Class<?> root;
    private final boolean enforced;
    private int properties;
    private int enumValues;
    private int levels;
    private int characters;

    /** Counts for the schema of {@code root}; refuses what is over a limit only if {@code enforced}. */
    SchemaLimits(Class<?> root, boolean enforced) {
        this.root = root;
        this.enforced = enforced;
    }

    void enterObject() {
        levels++;
        check(levels, LEVELS, "levels of nested objects");
    }

    void leaveObject() {
        levels--;
    }

    void property(String name) {
        properties++;
        check(properties, PROPERTIES, "properties");
        text(name);
    }

    void enumeration(Collection<String> values) {
        enumValues += values.size();
        check(enumValues, ENUM_VALUES, "enum values");
        int size = values.stream().mapToInt(String::length).sum();
        if (values.size() > LARGE_ENUM) {
            check(size, LARGE_ENUM_CHARACTERS, "characters in an enum of more than " + LARGE_ENUM + " values");
        }
        values.forEach(this::text);
    }

    /** A name of a property or definition, or the value of an enum or constant. */
    void text(String text) {
        characters += text.length();
        check(characters, NAME_CHARACTERS, "characters in names, enum values and constants");
    }

    private void check(int count, int limit, String what) {
        if (enforced && count > limit) {
            throw new IllegalArgumentException("the schema of " + root.getName() + " has " + count + " " + what
                    + " or more; strict mode allows " + limit + ": split the record, or use TypedTool.lenient");
        }
    }
}
