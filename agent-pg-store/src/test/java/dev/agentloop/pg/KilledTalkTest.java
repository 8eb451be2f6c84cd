package dev.agentloop.pg;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.internal.talk.KilledTalk;
import dev.agentloop.testkit.internal.talk.TalkChild;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.slf4j.LoggerFactory;

/** Random talk in PostgreSQL, by processes that are killed. */
@Tag("once")
class KilledTalkTest extends KilledTalk {
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("dev.agentloop");
    private static EmbeddedPostgres server;

    /** Arguments: the URL, the user, the file with the password, the journal and the seed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) throws IOException {
            LOGGER.setLevel(Level.OFF);
            try (ConversationStore store = CrashChild.store(args[0], args[1], Files.readString(Path.of(args[2])))) {
                TalkChild.hold(store, Path.of(args[3]), Long.parseLong(args[4]));
            }
        }
    }

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
    protected void begin() {}

    @Override
    protected ConversationStore open() {
        return CrashChild.store(server.jdbcUrl(), server.user(), server.password());
    }

    @Override
    protected Class<?> child() {
        return Child.class;
    }

    @Override
    protected List<String> arguments() {
        return List.of(
                server.jdbcUrl(),
                server.user(),
                server.dataFolder().resolveSibling("password").toString());
    }

    @Override
    protected int kills() {
        return 100;
    }
}
