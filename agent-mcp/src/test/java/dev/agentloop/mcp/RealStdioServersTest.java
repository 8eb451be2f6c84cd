package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.ToolOutput.Image;
import dev.agentloop.ToolOutput.Text;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The servers of the protocol's own authors, each a program that Node runs. */
class RealStdioServersTest {
    @TempDir
    static Path folder;

    private static McpServers servers;

    @BeforeAll
    static void start() throws Exception {
        Files.writeString(folder.resolve("note.txt"), "Bring milk");
        servers = McpServers.builder()
                .server(NpmPackages.stdio("memory")
                        .withEnvironment(
                                "MEMORY_FILE_PATH",
                                folder.resolve("memory.jsonl").toString()))
                .server(NpmPackages.stdio("filesystem", folder.toRealPath().toString()))
                .server(NpmPackages.stdio("everything", "stdio"))
                .start();
    }

    @AfterAll
    static void stop() {
        if (servers != null) {
            servers.close();
        }
    }

    @Test
    void start_threeServers_allRun() {
        assertThat(servers.status())
                .extracting(McpStatus::server, McpStatus::state, McpStatus::tools, McpStatus::detail)
                .containsExactly(
                        tuple("everything", McpStatus.State.RUNNING, 13, ""),
                        tuple("filesystem", McpStatus.State.RUNNING, 14, ""),
                        tuple("memory", McpStatus.State.RUNNING, 9, ""));
    }

    @Test
    void tools_threeServers_inOrderOfServerAndTool() {
        assertThat(Calls.names(servers))
                .hasSize(13 + 14 + 9)
                .isSorted()
                .contains("mcp__everything__get-sum", "mcp__filesystem__read_text_file", "mcp__memory__read_graph");
    }

    @Test
    void specification_schema_isTheServersOwnInItsOwnOrder() {
        Tool.Specification sum = Calls.tool(servers, "mcp__everything__get-sum").specification();
        assertThat(sum.description()).isEqualTo("Returns the sum of two numbers");
        assertThat(sum.parameters())
                .isEqualTo("{\"$schema\":\"http://json-schema.org/draft-07/schema#\",\"type\":\"object\","
                        + "\"properties\":{\"a\":{\"type\":\"number\",\"description\":\"First number\"},"
                        + "\"b\":{\"type\":\"number\",\"description\":\"Second number\"}},"
                        + "\"required\":[\"a\",\"b\"]}");
    }

    @Test
    void access_annotations_decide() {
        assertThat(access("mcp__filesystem__read_text_file")).isEqualTo(Tool.Access.READS);
        assertThat(access("mcp__filesystem__create_directory")).isEqualTo(Tool.Access.WRITES);
        assertThat(access("mcp__filesystem__write_file")).isEqualTo(Tool.Access.UNRESTRICTED);
    }

    private static Tool.Access access(String name) {
        return Calls.tool(servers, name).access(ToolCall.function("call_1", name, "{}"));
    }

    @Test
    void call_text_isText() throws Exception {
        ToolOutput output = new Calls(servers).call("mcp__everything__get-sum", "{\"a\": 19, \"b\": 23}");
        assertThat(output).isEqualTo(ToolOutput.text("The sum of 19 and 23 is 42."));
    }

    @Test
    void call_readsAFile() throws Exception {
        Path note = folder.toRealPath().resolve("note.txt");
        ToolOutput output = new Calls(servers).call("mcp__filesystem__read_text_file", "{\"path\": \"" + note + "\"}");
        assertThat(output).isEqualTo(ToolOutput.text("Bring milk"));
    }

    @Test
    void call_changesWhatALaterCallReads() throws Exception {
        Calls calls = new Calls(servers);
        calls.call(
                "mcp__memory__create_entities",
                "{\"entities\": [{\"name\": \"Ada\", \"entityType\": \"person\", \"observations\": [\"writes\"]}]}");
        assertThat(calls.call("mcp__memory__open_nodes", "{\"names\": [\"Ada\"]}")
                        .text())
                .contains("\"Ada\"", "writes");
    }

    @Test
    void call_image_isADataUrl() throws Exception {
        ToolOutput output = new Calls(servers).call("mcp__everything__get-tiny-image", "{}");
        assertThat(output.parts()).hasSize(3);
        assertThat(output.parts().get(1)).isInstanceOfSatisfying(Image.class, image -> {
            assertThat(image.url()).startsWith("data:image/png;base64,iVBORw0KGgo");
            assertThat(image.detail()).isEqualTo("auto");
        });
    }

    @Test
    void call_resourceLinksAndEmbeddedResources_areText() throws Exception {
        Calls calls = new Calls(servers);
        assertThat(calls.call("mcp__everything__get-resource-links", "{\"count\": 1}")
                        .parts()
                        .get(1))
                .isEqualTo(new Text("Resource demo://resource/dynamic/blob/1 (text/plain), Blob Resource 1:"
                        + " Resource 1: plaintext resource"));
        assertThat(calls.call("mcp__everything__get-resource-reference", "{}")
                        .parts()
                        .get(1))
                .isInstanceOfSatisfying(
                        Text.class,
                        text -> assertThat(text.text())
                                .startsWith(
                                        "Resource demo://resource/dynamic/text/1:\nResource 1: This is a plaintext"));
    }

    @Test
    void call_wrongArguments_isTheServersError() throws Exception {
        ToolOutput output = new Calls(servers).call("mcp__everything__echo", "{}");
        assertThat(output.error()).isTrue();
        assertThat(output.text()).contains("-32602", "expected string, received undefined");
    }

    @Test
    void call_longOperation_reportsProgress() throws Exception {
        Calls calls = new Calls(servers);
        ToolOutput output =
                calls.call("mcp__everything__trigger-long-running-operation", "{\"duration\": 0.2, \"steps\": 2}");
        assertThat(output.error()).isFalse();
        assertThat(calls.progress()).containsExactly("1/2", "2/2");
    }
}
