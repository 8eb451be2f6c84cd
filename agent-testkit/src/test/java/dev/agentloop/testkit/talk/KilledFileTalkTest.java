package dev.agentloop.testkit.talk;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.internal.talk.KilledTalk;
import dev.agentloop.testkit.internal.talk.TalkChild;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

@Tag("once")
@ExtendWith(Quiet.class)
class KilledFileTalkTest extends KilledTalk {
    private Path folder = Path.of("none");

    /** Arguments: the folder, the journal and the seed. */
    static final class Child {
        private Child() {}

        public static void main(String[] args) {
            Quiet.now();
            try (ConversationStore store = new FileStore(Path.of(args[0]))) {
                TalkChild.hold(store, Path.of(args[1]), Long.parseLong(args[2]));
            }
        }
    }

    @Override
    protected void begin() throws IOException {
        folder = Files.createTempDirectory(temp, "talk");
    }

    @Override
    protected ConversationStore open() {
        return new FileStore(folder);
    }

    @Override
    protected Class<?> child() {
        return Child.class;
    }

    @Override
    protected List<String> arguments() {
        return List.of(folder.toString());
    }

    @Override
    protected int kills() {
        return 100;
    }
}
