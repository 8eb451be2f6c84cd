/** Logs of a store as its tests write, read and race for them. */
@NullMarked
package dev.agentloop.testkit.internal.store;

import org.jspecify.annotations.NullMarked;
