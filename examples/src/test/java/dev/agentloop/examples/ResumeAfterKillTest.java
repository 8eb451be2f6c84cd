package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumeAfterKillTest {
    @TempDir
    Path folder;

    @Test
    void kill_hasTheEffectOnceAndTheModelTold() throws InterruptedException {
        assertThat(ResumeAfterKill.run(folder).text()).isEqualTo("The table for Ada is booked.");
        assertThat(folder.resolve("bookings.txt"))
                .content(StandardCharsets.UTF_8)
                .isEqualTo("Ada\n");
        try (ConversationStore store = new FileStore(folder.resolve("conversations"))) {
            List<LogEntry> log = store.read(store.list("", 1).get(0).conversation(), 0, 1_000);
            assertThat(log)
                    .filteredOn(entry -> entry.kind().equals("item.output.error"))
                    .singleElement()
                    .satisfies(entry -> assertThat(new String(entry.content(), StandardCharsets.UTF_8))
                            .contains("call_1", "The result of this call is unknown"));
        }
    }
}
