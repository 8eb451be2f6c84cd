package dev.agentloop.testkit.talk;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import dev.agentloop.testkit.internal.talk.RandomTalk;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Quiet.class)
class MemoryTalkTest extends RandomTalk {
    @Override
    protected ConversationStore open() {
        return new MemoryStore();
    }

    @Override
    protected int operations() {
        return 20_000;
    }
}
