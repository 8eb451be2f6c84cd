/**
 * Who changes a conversation, what others leave for them, and what precedes the first inference of a turn. Not an API:
 * free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.turn;

import org.jspecify.annotations.NullMarked;
