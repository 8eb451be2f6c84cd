/** Commands run as processes of which nothing is left, in an environment without secrets. */
@NullMarked
package dev.agentloop.tools.internal.shell;

import org.jspecify.annotations.NullMarked;
