package dev.agentloop.testkit;

import dev.agentloop.spi.ConversationStore;

/** The store that {@link BrokenStoresTest} breaks is a good one before. */
class SimpleStoreTest extends ConversationStoreContract {
    @Override
    protected ConversationStore open() {
        return new SimpleStore();
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
