package dev.agentloop.testkit.talk;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import dev.agentloop.testkit.internal.talk.RandomTalk;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.slf4j.LoggerFactory;

class MemoryTalkTest extends RandomTalk {
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("dev.agentloop");

    // A line for each run would take longer than the runs.
    @BeforeAll
    static void logNothing() {
        LOGGER.setLevel(Level.OFF);
    }

    @AfterAll
    static void restore() {
        LOGGER.setLevel(null);
    }

    @Override
    protected ConversationStore open() {
        return new MemoryStore();
    }

    @Override
    protected int operations() {
        return 20_000;
    }
}
