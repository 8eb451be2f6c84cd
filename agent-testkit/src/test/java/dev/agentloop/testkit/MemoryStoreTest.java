package dev.agentloop.testkit;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;

class MemoryStoreTest extends ConversationStoreContract {
    @Override
    protected ConversationStore open() {
        return new MemoryStore();
    }

    @Override
    protected ConversationStore reopen(ConversationStore old) {
        return old;
    }

    @Override
    protected ConversationStore beside(ConversationStore first) {
        return first;
    }
}
