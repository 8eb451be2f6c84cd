/** Logs that older versions of the library have written, and what those versions made of them. */
@NullMarked
package dev.agentloop.testkit.oldlogs;

import org.jspecify.annotations.NullMarked;
