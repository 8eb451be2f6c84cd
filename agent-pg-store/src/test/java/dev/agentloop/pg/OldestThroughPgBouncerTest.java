package dev.agentloop.pg;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.pg.embedded.PgBouncer;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.ConversationStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledIf;

/** The contract, on the oldest PostgreSQL through PgBouncer in transaction mode. */
@Tag("once")
@EnabledIf(value = "dev.agentloop.pg.Servers#hasPgBouncer", disabledReason = Servers.NO_PGBOUNCER)
class OldestThroughPgBouncerTest extends ConversationStoreContract {
    private static EmbeddedPostgres server;
    private static PgBouncer pooler;

    @BeforeAll
    static void start() {
        server = Servers.oldest();
        pooler = Servers.pooler(server);
    }

    @AfterAll
    static void stop() {
        pooler.close();
        server.close();
    }

    @Override
    protected ConversationStore open() {
        return Servers.store(pooler).open();
    }
}
