/** The tools that read files, list folders and search through both, in bounded time. */
@NullMarked
package dev.agentloop.tools.internal.files;

import org.jspecify.annotations.NullMarked;
