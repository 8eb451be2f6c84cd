/** Conversations in PostgreSQL: {@link dev.agentloop.pg.PgConversationStore}. */
@NullMarked
package dev.agentloop.pg;

import org.jspecify.annotations.NullMarked;
