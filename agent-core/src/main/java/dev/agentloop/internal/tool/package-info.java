/**
 * Brings a call to its output: what the host's tools and policy say of it, the questions about it, and the tool at
 * work. Not an API: free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.tool;

import org.jspecify.annotations.NullMarked;
