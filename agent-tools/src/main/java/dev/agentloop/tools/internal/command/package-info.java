/** What a command line would do, judged before it runs. */
@NullMarked
package dev.agentloop.tools.internal.command;

import org.jspecify.annotations.NullMarked;
