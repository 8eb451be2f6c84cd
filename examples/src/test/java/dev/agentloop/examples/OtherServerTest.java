package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scripted server stands in for one that is not OpenAI's: another address, another model, no key. */
class OtherServerTest {
    @TempDir
    Path folder;

    @Test
    void server_isAskedWithoutAKey() throws IOException {
        Files.writeString(folder.resolve("notes.txt"), "buy bread");
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "list_dir", "{\"dir_path\":\".\"}"),
                ScriptedResponse.says("One file."))) {
            assertThat(OtherServer.run(server.url().toString(), folder, "How many files?")
                            .text())
                    .isEqualTo("One file.");
            assertThat(server.requests()).hasSize(2).allSatisfy(request -> {
                assertThat(request.model()).isEqualTo("qwen3-coder");
                assertThat(request.header("Authorization")).isEmpty();
            });
            assertThat(server.problems()).isEmpty();
        }
    }
}
