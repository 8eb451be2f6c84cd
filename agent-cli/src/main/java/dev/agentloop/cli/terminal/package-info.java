/** Between this program and whoever sits at the terminal: text that is only shown, typed lines, signals, wrong usage. */
@NullMarked
package dev.agentloop.cli.terminal;

import org.jspecify.annotations.NullMarked;
