/** Bytes, JSON and checks of times, shared by the modules of this build. Not an API: free to change in any release. */
@NullMarked
package dev.agentloop.internal;

import org.jspecify.annotations.NullMarked;
