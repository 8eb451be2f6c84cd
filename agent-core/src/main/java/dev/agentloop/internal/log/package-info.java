/**
 * The log of a conversation: its entries, their fold, and the one appender.
 *
 * <p>Not an API: seen by this module only, and free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.log;

import org.jspecify.annotations.NullMarked;
