/** The folders that tools are confined to, and the only way from a path to a file in them. */
@NullMarked
package dev.agentloop.tools.internal.workspace;

import org.jspecify.annotations.NullMarked;
