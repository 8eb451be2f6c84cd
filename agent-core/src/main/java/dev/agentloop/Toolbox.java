package dev.agentloop;

import dev.agentloop.internal.Json;
import dev.agentloop.internal.JsonFields;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The frozen set of tools of a conversation, ordered by name, so that neither reflection nor a map decides what the
 * model is sent.
 *
 * <p>Immutable; as thread-safe as its tools.
 */
public final class Toolbox {
    private static final Toolbox EMPTY = new Toolbox(new TreeMap<>());

    // A specification is asked for once: later a run would be in its midst where one throws or blocks.
    private record Declared(Tool tool, Tool.Specification specification) {}

    private final SortedMap<String, Declared> tools;

    private Toolbox(SortedMap<String, Declared> tools) {
        this.tools = tools;
    }

    /** A toolbox without tools. */
    public static Toolbox empty() {
        return EMPTY;
    }

    /**
     * The toolbox of these tools; their specifications are read here, once.
     *
     * @throws IllegalArgumentException if two tools have one name, or a schema is not a JSON object
     */
    public static Toolbox of(Collection<? extends Tool> tools) {
        SortedMap<String, Declared> byName = new TreeMap<>();
        for (Tool tool : tools) {
            Tool.Specification specification = Objects.requireNonNull(
                    tool.specification(), () -> "a tool of " + tool.getClass() + " has no specification, but null");
            checkSchema(specification);
            if (byName.put(specification.name(), new Declared(tool, specification)) != null) {
                throw new IllegalArgumentException("two tools are named \"" + specification.name()
                        + "\"; a model can only call a tool by a name of its own");
            }
        }
        return new Toolbox(byName);
    }

    private static void checkSchema(Tool.Specification specification) {
        try {
            JsonFields.of(specification.parameters().getBytes(StandardCharsets.UTF_8));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "the parameters of tool \"" + specification.name() + "\" are no JSON Schema object: "
                            + e.getMessage(),
                    e);
        }
    }

    /** The tool of that name. */
    public Optional<Tool> find(String name) {
        return Optional.ofNullable(tools.get(name)).map(Declared::tool);
    }

    /** The same toolbox less the tools of these names. */
    public Toolbox without(Set<String> names) {
        SortedMap<String, Declared> rest = new TreeMap<>(tools);
        rest.keySet().removeAll(names);
        return new Toolbox(rest);
    }

    /** The names, in the order in which the tools are declared. */
    public List<String> names() {
        return List.copyOf(tools.keySet());
    }

    /** Whether there is no tool. */
    public boolean isEmpty() {
        return tools.isEmpty();
    }

    /**
     * The JSON array that declares the tools to the model, in one line; the same text for the same tools, always. Empty
     * where there is no tool.
     *
     * @param customTools whether the model has custom tools, so that a tool with a grammar is declared as one
     */
    public String json(boolean customTools) {
        return tools.isEmpty()
                ? ""
                : tools.values().stream()
                        .map(tool -> Json.objectText(w -> declare(tool.specification(), customTools, w)))
                        .collect(Collectors.joining(",", "[", "]"));
    }

    private static void declare(Tool.Specification specification, boolean customTools, Json.Writer out)
            throws IOException {
        Tool.Grammar grammar = specification.grammar();
        if (grammar != null && customTools) {
            out.text("type", "custom")
                    .text("name", specification.name())
                    .text("description", specification.description())
                    .object(
                            "format",
                            f -> f.text("type", "grammar")
                                    .text("syntax", grammar.syntax())
                                    .text("definition", grammar.definition()));
            return;
        }
        byte[] schema = specification.parameters().getBytes(StandardCharsets.UTF_8);
        out.text("type", "function")
                .text("name", specification.name())
                .text("description", specification.description())
                .raw("parameters", new String(JsonFields.of(schema).line(null), StandardCharsets.UTF_8))
                .flag("strict", specification.strict());
    }
}
