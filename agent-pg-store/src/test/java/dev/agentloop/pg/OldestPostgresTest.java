package dev.agentloop.pg;

import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.ConversationStoreContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The contract, on the oldest PostgreSQL. */
@Tag("once")
class OldestPostgresTest extends ConversationStoreContract {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() {
        server = Servers.oldest();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Override
    protected ConversationStore open() {
        return Servers.store(server).open();
    }
}
