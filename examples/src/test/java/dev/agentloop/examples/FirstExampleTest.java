package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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

    /** Runs the program against a server, in a process that has no logging, and gives what it printed. */
    private String run(ScriptedServer server, Path workspace) throws IOException, InterruptedException {
        String classPath = Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !entry.contains("logback"))
                .collect(Collectors.joining(File.pathSeparator));
        ProcessBuilder program = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dslf4j.internal.verbosity=ERROR",
                        "-cp",
                        classPath,
                        FirstExample.class.getName(),
                        workspace.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT);
        program.environment().remove("JAVA_TOOL_OPTIONS");
        // What is kept for the user goes into the test's folder.
        program.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
        program.environment().put("OPENAI_BASE_URL", server.url().toString());
        program.environment().put("OPENAI_API_KEY", "none");
        Process process = program.start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        return printed;
    }

    @Test
    void example_changesTheReadme() throws IOException, InterruptedException {
        Path workspace = Files.createDirectory(folder.resolve("workspace"));
        Files.writeString(workspace.resolve("README.md"), "# Shop\n");
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"cat README.md\"}"),
                ScriptedResponse.empty().andCallsCustom("call_2", "apply_patch", PATCH),
                ScriptedResponse.says("It has a diagram now."))) {
            assertThat(run(server, workspace)).isEqualTo("It has a diagram now.\n");
            assertThat(workspace.resolve("README.md"))
                    .content(StandardCharsets.UTF_8)
                    .isEqualTo("# Shop\n```mermaid\nflowchart LR\n```\n");
            assertThat(server.requests()).hasSize(3).allMatch(ScriptedRequest::keepsPrefix);
            assertThat(server.problems()).isEmpty();
        }
    }
}
