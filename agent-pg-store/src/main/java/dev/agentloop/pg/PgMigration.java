package dev.agentloop.pg;

/**
 * A step of the tables' schema, in plain SQL, to be run once and as a whole, in the order of the versions; it notes itself in
 * {@code agent_schema}. Immutable.
 *
 * @param version counts from 1
 * @param file what a migration tool would call it, such as {@code V1__conversations.sql}
 * @param sql statements, each ending with a semicolon
 */
public record PgMigration(int version, String file, String sql) {}
