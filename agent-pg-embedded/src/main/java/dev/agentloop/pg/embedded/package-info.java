/**
 * A real PostgreSQL server as a child process, from the programs that Maven Central has, on Linux and macOS.
 *
 * <p>Start at {@link dev.agentloop.pg.embedded.EmbeddedPostgres#in} for data that stays and at {@link
 * dev.agentloop.pg.embedded.EmbeddedPostgres#temporary} for tests. {@link dev.agentloop.pg.embedded.PgBouncer} puts the
 * pooler before a server that many deployments have there.
 */
@NullMarked
package dev.agentloop.pg.embedded;

import org.jspecify.annotations.NullMarked;
