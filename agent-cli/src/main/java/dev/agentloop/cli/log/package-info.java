/** What is shown of a conversation that was kept: for a person, or as JSON. */
@NullMarked
package dev.agentloop.cli.log;

import org.jspecify.annotations.NullMarked;
