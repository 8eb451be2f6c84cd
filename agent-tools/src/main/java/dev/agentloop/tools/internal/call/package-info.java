/** One call of a tool: its arguments read, and a refusal that the model can act on. */
@NullMarked
package dev.agentloop.tools.internal.call;

import org.jspecify.annotations.NullMarked;
