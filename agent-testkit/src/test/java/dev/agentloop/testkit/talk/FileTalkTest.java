package dev.agentloop.testkit.talk;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.internal.talk.RandomTalk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Quiet.class)
class FileTalkTest extends RandomTalk {
    @TempDir
    Path folder;

    @Override
    protected ConversationStore open() throws IOException {
        return new FileStore(Files.createTempDirectory(folder, "talk"));
    }

    @Override
    protected int operations() {
        return 20_000;
    }
}
