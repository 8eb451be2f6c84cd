/**
 * What is known of the calls of tools: how far each is, what was allowed, how they repeat, how much of an output is
 * sent. Not an API: free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.call;

import org.jspecify.annotations.NullMarked;
