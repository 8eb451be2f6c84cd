/** Kills a real process at every event of a run and looks at what the next one makes of the log. */
@NullMarked
package dev.agentloop.testkit.crash;

import org.jspecify.annotations.NullMarked;
