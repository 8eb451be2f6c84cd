package dev.agentloop;

/** Placeholder that the Javadoc of other types may name until the loop stands. */
public final class AgentLoop {
    private AgentLoop() {}
}
