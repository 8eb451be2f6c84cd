/** Builds a host's prompt in many processes, and finds what differs between them. */
@NullMarked
package dev.agentloop.testkit.internal.lint;

import org.jspecify.annotations.NullMarked;
