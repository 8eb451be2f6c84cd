/** What each command does, from its options to its exit code. */
@NullMarked
package dev.agentloop.cli.commands;

import org.jspecify.annotations.NullMarked;
