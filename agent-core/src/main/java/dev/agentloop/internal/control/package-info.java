/**
 * A run's own thread, and the host's code that it has at work on others: threads, bounds, interrupts, events, the
 * store. Not an API: free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.control;

import org.jspecify.annotations.NullMarked;
