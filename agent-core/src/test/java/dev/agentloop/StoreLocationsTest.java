package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.control.HostStore;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.FileStore;
import dev.agentloop.stores.MemoryStore;
import java.nio.file.Path;
import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreLocationsTest {
    @TempDir
    Path folder;

    @Test
    void locations_ofAStoreOfFiles_areItsFolder_alsoThroughWhatWrapsIt() {
        Path place = folder.resolve("x/../conversations");
        try (ConversationStore store = new FileStore(place)) {
            assertThat(store.locations()).containsExactly(folder.resolve("conversations"));
            assertThat(new ForwardingStore(store) {}.locations()).containsExactly(folder.resolve("conversations"));
            assertThat(new HostStore(store).locations()).containsExactly(folder.resolve("conversations"));
        }
    }

    @Test
    void locations_ofAStoreWithoutFiles_areNone() {
        try (ConversationStore store = new MemoryStore()) {
            assertThat(store.locations()).isEmpty();
        }
    }

    @Test
    void locations_ofAStoreThatFails_areAStoreException() {
        try (ConversationStore store = new MemoryStore()) {
            ConversationStore failing = new ForwardingStore(store) {
                @Override
                public Collection<Path> locations() {
                    throw new IllegalStateException("no");
                }
            };
            assertThatThrownBy(() -> new HostStore(failing).locations())
                    .isInstanceOf(StoreException.class)
                    .hasMessageContaining("the store failed in locations of conversation of this process");
        }
    }
}
