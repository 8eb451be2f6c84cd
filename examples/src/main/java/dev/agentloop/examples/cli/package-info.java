/** A coding agent for the command line, which {@code ./agent} starts: a demonstration, one task, or a talk. */
@NullMarked
package dev.agentloop.examples.cli;

import org.jspecify.annotations.NullMarked;
