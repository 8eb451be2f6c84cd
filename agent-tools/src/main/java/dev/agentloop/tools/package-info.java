/**
 * Ready-made tools for an agent that works on files: shell commands, reading, searching, writing and patching inside
 * workspace roots, a plan, and tools from Java code.
 *
 * <p>Start at {@code FileTools.in(workspace)}, {@code ShellTools.in(workspace)} or {@code TypedTool.of(…)}. File tools
 * are confined to their roots, the shell is not: a command may do whatever the process may do.
 */
@NullMarked
package dev.agentloop.tools;

import org.jspecify.annotations.NullMarked;
