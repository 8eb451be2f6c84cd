/**
 * A run's own thread, and the host's code that it has at work on others: threads, bounds, interrupts, events,
 * the store.
 *
 * <p>Not an API: seen by this module only, and free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.control;

import org.jspecify.annotations.NullMarked;
