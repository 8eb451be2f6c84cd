/**
 * Bytes, JSON and checks of times, shared by the modules of this build.
 *
 * <p>Not an API: exported to this build's own adapters only, and free to change in any release.
 */
@NullMarked
package dev.agentloop.internal;

import org.jspecify.annotations.NullMarked;
