/**
 * What a model is told before anybody speaks, by the agent as it is built now: settings, tools, instructions, the
 * project. Not an API: free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.setup;

import org.jspecify.annotations.NullMarked;
