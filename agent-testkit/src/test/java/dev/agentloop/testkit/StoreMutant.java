package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.agentloop.spi.ConversationStore;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.DynamicTest;

/** A store that is broken on purpose, in one way, and the test of the suite that catches it. */
record StoreMutant(Supplier<SimpleStore> store, String caughtBy) {
    private static Supplier<SimpleStore> broken = SimpleStore::new;

    /** The suite, on whichever store is broken now. */
    static final class Suite extends ConversationStoreContract {
        @Override
        protected ConversationStore open() {
            return broken.get();
        }

        @Override
        protected ConversationStore reopen(ConversationStore old) {
            ((SimpleStore) old).reopen();
            return old;
        }

        @Override
        protected ConversationStore beside(ConversationStore first) {
            return first;
        }
    }

    /** Fails unless the store is caught, and a sound one is not. */
    DynamicTest test() {
        return dynamicTest(store.get().getClass().getSimpleName(), () -> {
            broken = store;
            List<String> methods = List.of(caughtBy);
            assertThat(SuiteRun.failed(Suite.class, methods)).containsExactly(caughtBy);
            broken = SimpleStore::new;
            assertThat(SuiteRun.failed(Suite.class, methods)).isEmpty();
        });
    }
}
