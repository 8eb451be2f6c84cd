package dev.agentloop.tools.internal.files;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A file of 16 GB, which takes no space: a short line, a very long one, and a short one. */
class LongLineTest {
    private static final long SIZE = 16L << 30;
    private static final String TAIL = "\ntail\n";
    private static final Duration TIME = Duration.ofMillis(300);

    @TempDir
    Path temp;

    private Workspace workspace;

    @BeforeEach
    void files() throws IOException {
        Path root = Files.createDirectory(temp.toRealPath().resolve("root"));
        try (RandomAccessFile file =
                new RandomAccessFile(root.resolve("long.txt").toFile(), "rw")) {
            file.write(("needle\n" + "x".repeat(20_000)).getBytes(StandardCharsets.UTF_8));
            // Found only by who reads the long line to its end.
            file.seek(SIZE - TAIL.length());
            file.write(TAIL.getBytes(StandardCharsets.UTF_8));
        }
        workspace = Workspace.of(List.of(root));
    }

    private static ToolOutput call(Tool tool, String arguments) throws Exception {
        return tool.call(ToolCall.function("c", tool.specification().name(), arguments), new Calls.Context(Map.of()));
    }

    @Test
    void grep_veryLongLine_endsInTimeWithWhatWasFound() throws Exception {
        ActionTool grep = GrepFiles.tool(workspace, TIME);

        assertThat(call(grep, "{\"pattern\":\"tail\"}").text())
                .startsWith("No matches found.\n(stopped after 0 s before everything was searched;");
        assertThat(call(grep, "{\"pattern\":\"needle\",\"output\":\"lines\"}").text())
                .startsWith("long.txt:1:needle\n(stopped after 0 s before everything was searched;");
    }

    @Test
    void read_veryLongLine_endsInTimeWithItsBeginning() throws Exception {
        ActionTool read = ReadFile.tool(workspace, TIME);

        assertThat(call(read, "{\"file_path\":\"long.txt\"}").text())
                .isEqualTo("L1: needle\nL2: " + "x".repeat(500) + "\n(cut at 500 bytes: L2)\n"
                        + "(stopped after 0 s in line 2; there may be more lines)\n");
        assertThat(call(read, "{\"file_path\":\"long.txt\",\"offset\":2}").text())
                .endsWith("(stopped after 0 s in line 2; there may be more lines)\n");
        assertThat(call(read, "{\"file_path\":\"long.txt\",\"limit\":1}").text())
                .isEqualTo("L1: needle\n(more lines follow: read on with offset 2)\n");
        ToolOutput late = call(read, "{\"file_path\":\"long.txt\",\"offset\":3}");
        assertThat(late.error()).isTrue();
        assertThat(late.text())
                .isEqualTo("long.txt: stopped after 0 s in line 2, before line 3 was reached; the file has " + SIZE
                        + " bytes: read it from the start, or cut it with a command");
    }
}
