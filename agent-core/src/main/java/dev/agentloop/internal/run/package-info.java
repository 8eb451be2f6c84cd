/** The loop: one run of a conversation from its input to its outcome. Not an API: free to change in any release. */
@NullMarked
package dev.agentloop.internal.run;

import org.jspecify.annotations.NullMarked;
