/** Files changed as one, by patches or as a whole, with a rollback journal for what is cut off. */
@NullMarked
package dev.agentloop.tools.internal.edit;

import org.jspecify.annotations.NullMarked;
