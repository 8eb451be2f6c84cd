package dev.agentloop;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Gives the sections of the context as they are now: what the model is told before the user speaks. */
@FunctionalInterface
interface ContextSections {
    /** No context. */
    ContextSections NONE = Map::of;

    /** The sections by name, in the order in which the model is to see them. */
    Map<String, Item> now();

    /** The AGENTS.md files that they are made of, outer ones first. */
    default List<Path> agentsFiles() {
        return List.of();
    }
}
