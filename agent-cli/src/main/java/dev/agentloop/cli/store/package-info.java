/** Where conversations are kept, and which of them is meant. */
@NullMarked
package dev.agentloop.cli.store;

import org.jspecify.annotations.NullMarked;
