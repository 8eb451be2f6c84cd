/** What the command line says, and what {@code help} says of it. */
@NullMarked
package dev.agentloop.cli.options;

import org.jspecify.annotations.NullMarked;
