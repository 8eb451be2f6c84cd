package dev.agentloop.testkit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.agentloop.Compactor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.slf4j.LoggerFactory;

/**
 * The library's own compactors, and one of a host's, are held to the contract: together, and with the endpoint's, which stands
 * beside its model, in more than 5,000 conversations.
 */
class CompactorsTest {
    // A line for each of many thousand runs would take longer than the runs.
    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.agentloop");

    @BeforeEach
    void logFailuresOnly() {
        logger.setLevel(Level.ERROR);
    }

    @AfterEach
    void restore() {
        logger.setLevel(null);
    }

    @Nested
    class Summary extends CompactorContract {
        @Override
        protected Compactor compactor() {
            return Compactor.summary(ScriptedModel.builder()
                    .otherwise(prompt -> ScriptedResponse.says("It was about " + prompt.size() + " items."))
                    .build());
        }

        @Override
        protected Kind kind() {
            return Kind.BUILT;
        }
    }

    @Nested
    class Trigger extends CompactorContract {
        @Override
        protected Compactor compactor() {
            return Compactor.trigger(ScriptedModel.builder()
                    .otherwise(prompt -> ScriptedResponse.empty()
                            .andItem("{\"type\":\"compaction\",\"id\":\"cmp_" + prompt.size()
                                    + "\",\"encrypted_content\":\"opaque\"}"))
                    .build());
        }

        @Override
        protected Kind kind() {
            return Kind.RETURNED;
        }
    }

    @Nested
    class WithoutOldOutputs extends CompactorContract {
        @Override
        protected Compactor compactor() {
            return Compactor.withoutOldOutputs();
        }

        @Override
        protected Kind kind() {
            return Kind.BUILT;
        }
    }

    @Nested
    class OfAHost extends CompactorContract {
        @Override
        protected Compactor compactor() {
            return new SimpleCompactor();
        }

        @Override
        protected Kind kind() {
            return Kind.BUILT;
        }
    }
}
