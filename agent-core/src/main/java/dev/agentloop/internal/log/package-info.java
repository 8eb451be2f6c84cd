/**
 * The log of a conversation: its entries, their fold, and the one appender. Not an API: free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.log;

import org.jspecify.annotations.NullMarked;
