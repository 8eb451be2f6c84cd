/** Random talk through the whole public API, checked after each operation. */
@NullMarked
package dev.agentloop.testkit.internal.talk;

import org.jspecify.annotations.NullMarked;
