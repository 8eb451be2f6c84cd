/**
 * What a model is told before anybody speaks, by the agent as it is built now: settings, tools, instructions,
 * the project.
 *
 * <p>Not an API: seen by this module only, and free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.setup;

import org.jspecify.annotations.NullMarked;
