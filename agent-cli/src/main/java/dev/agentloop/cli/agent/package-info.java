/** The coding agent itself: its model, tools and rights, and the conversation that a command works on. */
@NullMarked
package dev.agentloop.cli.agent;

import org.jspecify.annotations.NullMarked;
