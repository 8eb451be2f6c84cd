/** A coding agent for the command line, which {@code ./agent} starts: a demonstration, one task, or a talk. */
@NullMarked
package dev.agentloop.cli;

import org.jspecify.annotations.NullMarked;
