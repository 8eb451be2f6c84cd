/** Conversations in PostgreSQL: {@link dev.agentloop.pg.PgConversationStore}. */
@org.jspecify.annotations.NullMarked
package dev.agentloop.pg;
