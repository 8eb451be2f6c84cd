package dev.agentloop.testkit;

import dev.agentloop.spi.ConversationStore;

class MemoryStoreTest extends ConversationStoreContract {
    @Override
    protected ConversationStore open() {
        return ConversationStore.inMemory();
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
