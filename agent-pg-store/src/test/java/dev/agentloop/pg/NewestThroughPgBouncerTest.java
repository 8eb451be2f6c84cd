package dev.agentloop.pg;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.pg.embedded.PgBouncer;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.ConversationStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.condition.EnabledIf;

/** The contract, on the newest PostgreSQL through PgBouncer in transaction mode. */
@EnabledIf(value = "dev.agentloop.pg.Servers#hasPgBouncer", disabledReason = Servers.NO_PGBOUNCER)
class NewestThroughPgBouncerTest extends ConversationStoreContract {
    private static EmbeddedPostgres server;
    private static PgBouncer pooler;

    @BeforeAll
    static void start() {
        server = Servers.newest();
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
