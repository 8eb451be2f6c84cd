package dev.agentloop.testkit;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileStoreTest extends ConversationStoreContract {
    @TempDir
    Path folder;

    @Override
    protected ConversationStore open() {
        return new FileStore(folder);
    }
}
