package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class BrokenPrefixTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final BrokenPrefix example = new BrokenPrefix(new PrintStream(bytes, true, StandardCharsets.UTF_8));

    /** A clock that is a second further each time it is read. */
    private static final class Ticking extends Clock {
        private Instant now = Instant.parse("2026-11-22T10:00:00Z");

        @Override
        public Instant instant() {
            now = now.plusSeconds(1);
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void timeInTheInstructions_isExplained() {
        example.timeInTheInstructions(new Ticking());
        assertThat(printed().lines())
                .hasSize(2)
                .last()
                .asString()
                .startsWith("request 2: input_changed: instructions was edited, the first difference is at byte 73:")
                .contains("10:00:02", "10:00:01", "and no entry of the log says why")
                .endsWith("about 9,984 tokens are read again, which costs 0.0229632 more");
    }

    @Test
    void anotherModel_isRefusedBeforeItIsPaidFor() {
        try (ConversationStore store = new MemoryStore()) {
            example.anotherModelInStrictMode(store);
        }
        assertThat(printed())
                .startsWith("finished after")
                .contains("stopped: the request was not sent, because it would break the prefix of the prompt:"
                        + " model_changed: model was edited");
    }
}
