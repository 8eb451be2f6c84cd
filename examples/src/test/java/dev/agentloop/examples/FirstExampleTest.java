package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FirstExampleTest {
    private static final String PATCH = """
            *** Begin Patch
            *** Update File: README.md
            @@
             # Shop
            +```mermaid
            +flowchart LR
            +```
            *** End Patch
            """;

    @TempDir
    Path folder;

    @Test
    void example_changesTheReadme() throws IOException {
        Path workspace = Files.createDirectory(folder.resolve("workspace"));
        Files.writeString(workspace.resolve("README.md"), "# Shop\n");
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"cat README.md\"}"),
                        ScriptedResponse.empty().andCallsCustom("call_2", "apply_patch", PATCH),
                        ScriptedResponse.says("It has a diagram now."));
                ChildJvm program = ChildJvm.start(
                        FirstExample.class, server.url().toString(), folder, List.of(workspace.toString()))) {
            assertThat(program.exitCode()).as(program.err()).isZero();
            assertThat(program.out()).isEqualTo("It has a diagram now.\n");
            assertThat(workspace.resolve("README.md"))
                    .content(StandardCharsets.UTF_8)
                    .isEqualTo("# Shop\n```mermaid\nflowchart LR\n```\n");
            assertThat(server.requests()).hasSize(3).allMatch(ScriptedRequest::keepsPrefix);
            assertThat(server.problems()).isEmpty();
        }
    }
}
