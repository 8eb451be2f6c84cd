package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** A real server over streamable HTTP: used, killed in the middle of a call, and back again. */
class RealHttpServerTest {
    private HttpProgram program;
    private McpServers servers;

    @BeforeEach
    void start() throws Exception {
        program = new HttpProgram();
        servers = McpServers.builder()
                .server(McpServer.http("docs", program.address()))
                .backoff(failures -> Duration.ofMillis(20))
                .start();
    }

    @AfterEach
    void stop() {
        if (servers != null) {
            servers.close();
        }
        if (program != null) {
            program.close();
        }
    }

    /** The server has one tool more for a client that has introduced itself, and says so where it lists them too early. */
    @RepeatedTest(5)
    void tools_listedAtOnce_areAll() {
        assertThat(servers.status()).containsExactly(new McpStatus("docs", McpStatus.State.RUNNING, 13, ""));
    }

    @Test
    void call_overHttp_answersAndReportsProgress() throws Exception {
        Calls calls = new Calls(servers);
        assertThat(calls.call("mcp__docs__echo", "{\"message\": \"über\"}")).isEqualTo(ToolOutput.text("Echo: über"));
        calls.call("mcp__docs__trigger-long-running-operation", "{\"duration\": 0.2, \"steps\": 2}");
        assertThat(calls.progress()).containsExactly("1/2", "2/2");
    }

    @Test
    void call_serverKilledMeanwhile_isAnsweredAndTheServerComesBack() throws Exception {
        List<Tool.Specification> before = specifications();
        Tool slow = Calls.tool(servers, "mcp__docs__trigger-long-running-operation");
        Calls calls = new Calls(servers);
        CompletableFuture<ToolOutput> running =
                CompletableFuture.supplyAsync(() -> call(calls, slow, "{\"duration\": 60, \"steps\": 600}"));
        await().until(() -> !calls.progress().isEmpty());

        program.kill();
        ToolOutput killed = running.get(20, TimeUnit.SECONDS);
        assertThat(killed.error()).isTrue();
        assertThat(killed.text())
                .startsWith("MCP server docs ended during this call: ")
                .endsWith("; the call may have had its effect or not. The server is being restarted, try again");

        Tool echo = Calls.tool(servers, "mcp__docs__echo");
        ToolOutput down = call(calls, echo, "{\"message\": \"1\"}");
        assertThat(down.error()).isTrue();
        assertThat(down.text())
                .startsWith("MCP server docs is not running: ")
                .endsWith("; it is being restarted, try again");
        assertThat(specifications()).isEqualTo(before);

        program.start();
        await().until(() -> servers.status().get(0).state() == McpStatus.State.RUNNING);
        assertThat(call(calls, echo, "{\"message\": \"2\"}")).isEqualTo(ToolOutput.text("Echo: 2"));
        assertThat(specifications()).isEqualTo(before);
    }

    private List<Tool.Specification> specifications() {
        return servers.tools().stream().map(Tool::specification).toList();
    }

    private static ToolOutput call(Calls calls, Tool tool, String arguments) {
        try {
            return calls.call(tool, arguments);
        } catch (Exception e) {
            throw new IllegalStateException(new ExecutionException(e));
        }
    }
}
