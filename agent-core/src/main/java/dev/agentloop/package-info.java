/**
 * The agent loop: a conversation is an append-only log, the prompt is a fold of it, and an ending is a value.
 *
 * <p>Start at {@link dev.agentloop.AgentLoop}. What integrators of a database implement is in {@code
 * dev.agentloop.spi}, the stores in files and in memory are in {@code dev.agentloop.stores}.
 */
@NullMarked
package dev.agentloop;

import org.jspecify.annotations.NullMarked;
