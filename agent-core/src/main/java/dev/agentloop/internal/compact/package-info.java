/**
 * Shortens prompts: when it is due, what must survive, and the compactors that come with the library. Not an API: free
 * to change in any release.
 */
@NullMarked
package dev.agentloop.internal.compact;

import org.jspecify.annotations.NullMarked;
