package dev.agentloop.pg;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.internal.talk.RandomTalk;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.slf4j.LoggerFactory;

/** Random talk in PostgreSQL. */
@Tag("once")
class TalkTest extends RandomTalk {
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("dev.agentloop");
    private static EmbeddedPostgres server;

    // A line for each run would take longer than the runs.
    @BeforeAll
    static void start() {
        LOGGER.setLevel(Level.OFF);
        server = Servers.newest();
    }

    @AfterAll
    static void stop() {
        server.close();
        LOGGER.setLevel(null);
    }

    @Override
    protected ConversationStore open() {
        return Servers.store(server).open();
    }

    @Override
    protected int operations() {
        return 10_000;
    }
}
