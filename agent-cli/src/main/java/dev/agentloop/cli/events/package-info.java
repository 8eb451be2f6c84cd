/** What is shown of a run as it goes: for a person, or as JSON. */
@NullMarked
package dev.agentloop.cli.events;

import org.jspecify.annotations.NullMarked;
