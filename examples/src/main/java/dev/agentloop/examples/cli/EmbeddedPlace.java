package dev.agentloop.examples.cli;

import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * A PostgreSQL server of this program's own, which runs as long as the store is open; its data stays.
 *
 * @param folder the server's folder
 */
record EmbeddedPlace(Path folder) implements StorePlace {
    /** What {@code --store} is given for it. */
    static final String NAME = "postgres";

    @Override
    public ConversationStore open(Map<String, String> environment) {
        EmbeddedPostgres server = EmbeddedPostgres.in(folder).start();
        try {
            return new Store(
                    PgConversationStore.connect(server.jdbcUrl(), server.user(), server.password()), server, folder);
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    @Override
    public String shown() {
        return NAME;
    }

    private static final class Store extends ForwardingStore {
        private final EmbeddedPostgres server;
        private final Path folder;

        Store(ConversationStore store, EmbeddedPostgres server, Path folder) {
            super(store);
            this.server = server;
            this.folder = folder;
        }

        @Override
        public Collection<Path> locations() {
            return List.of(folder);
        }

        @Override
        public void close() {
            super.close();
            server.close();
        }
    }
}
