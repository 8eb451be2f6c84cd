/** Random conversations that are compacted, and what must hold after each compaction. */
@NullMarked
package dev.agentloop.testkit.internal.compaction;

import org.jspecify.annotations.NullMarked;
