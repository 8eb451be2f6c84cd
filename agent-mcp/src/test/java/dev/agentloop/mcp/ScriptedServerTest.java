package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.ToolOutput.Image;
import dev.agentloop.ToolOutput.Text;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What no well-behaved server does. */
class ScriptedServerTest {
    @TempDir
    Path folder;

    private McpServers servers;

    @AfterEach
    void stop() {
        if (servers != null) {
            servers.close();
        }
    }

    private Calls start(McpServer server) {
        servers = McpServers.builder()
                .server(server)
                .backoff(failures -> Duration.ofMillis(10))
                .start();
        return new Calls(servers);
    }

    private Calls start() {
        return start(ScriptedServer.named("s", folder));
    }

    private Calls start(McpElicitation host) {
        servers = McpServers.builder()
                .server(ScriptedServer.named("s", folder))
                .elicitation(host)
                .start();
        return new Calls(servers);
    }

    @Test
    void tools_listInPages_isReadToItsEnd() {
        start();
        assertThat(Calls.names(servers))
                .containsExactly(
                        "mcp__s__add",
                        "mcp__s__ask",
                        "mcp__s__b_c_f64438607f33",
                        "mcp__s__b_c_c05c27b2c336",
                        "mcp__s__contents",
                        "mcp__s__environment",
                        "mcp__s__exit",
                        "mcp__s__hang",
                        "mcp__s__nothing",
                        "mcp__s__structured",
                        "mcp__s__zeta");
    }

    @Test
    void specification_serverSaysNothing_hasAnEmptyObject() {
        start();
        Tool.Specification zeta = Calls.tool(servers, "mcp__s__zeta").specification();
        assertThat(zeta.parameters()).isEqualTo("{\"type\":\"object\",\"properties\":{}}");
        assertThat(zeta.description()).isEmpty();
    }

    @Test
    void access_serverSaysNothing_isWhatTheSpecificationAssumes() {
        start();
        Tool zeta = Calls.tool(servers, "mcp__s__zeta");
        ToolCall call = ToolCall.function("call_1", "mcp__s__zeta", "{}");
        assertThat(zeta.access(call)).isEqualTo(Tool.Access.UNRESTRICTED);
        assertThat(zeta.afterCrash(call)).isEqualTo(Tool.AfterCrash.REPORT);
        assertThat(zeta.timeout()).isEqualTo(Duration.ofMinutes(5));
    }

    @Test
    void tools_filtered_areOnlyTheWantedOnes() {
        start(ScriptedServer.named("s", folder)
                .withEnabledTools("zeta", "exit", "hang", "not there")
                .withDisabledTools("exit"));
        assertThat(Calls.names(servers)).containsExactly("mcp__s__hang", "mcp__s__zeta");
    }

    @Test
    void call_contentOfAllKinds_isPartsAndWords() throws Exception {
        ToolOutput output = start().call("mcp__s__contents", "{}");
        assertThat(output)
                .isEqualTo(new ToolOutput(
                        List.of(
                                new Text(
                                        "[content of type \"hologram\" was left out: this client does not know that type]"),
                                new Text("[audio of type audio/wav, 6 bytes, was left out]"),
                                new Image("data:image/gif;base64,R0lG", "auto"),
                                new Text("[resource x:2 of type a/b, 3 bytes, was left out]"),
                                new Text("end")),
                        false));
    }

    @Test
    void call_onlyStructuredContent_isItsJson() throws Exception {
        assertThat(start().call("mcp__s__structured", "{}")).isEqualTo(ToolOutput.text("{\"b\":1,\"a\":[2]}"));
    }

    @Test
    void call_noContent_isSaid() throws Exception {
        assertThat(start().call("mcp__s__nothing", "{}")).isEqualTo(ToolOutput.text("The tool returned no content."));
    }

    @Test
    void call_argumentsAreNoObject_saysWhereWithoutAskingTheServer() throws Exception {
        Calls calls = start();
        assertThat(calls.call("mcp__s__zeta", "{\"a\": ").text())
                .startsWith("failed to parse function arguments: ")
                .endsWith(" at line 1 column 7");
        assertThat(calls.call("mcp__s__zeta", "[1]"))
                .isEqualTo(ToolOutput.error("failed to parse function arguments: expected a JSON object"));
        assertThat(calls.call("mcp__s__nothing", "{} {}").text()).startsWith("failed to parse function arguments: ");
    }

    @Test
    void call_protocolError_isTheServersWords() throws Exception {
        assertThat(start().call("mcp__s__zeta", "{}"))
                .isEqualTo(ToolOutput.error(
                        "MCP server s refused this call: it answered with error -32602: no tool zeta here"));
    }

    @Test
    void call_programExits_isAnsweredAndStartedAgain() throws Exception {
        Calls calls = start();
        Tool exit = Calls.tool(servers, "mcp__s__exit");
        String first = Files.readString(folder.resolve("pid"));
        assertThat(calls.call(exit, "{}"))
                .isEqualTo(ToolOutput.error("MCP server s ended during this call: it exited with code 3,"
                        + " and its last words were: out of cheese, key null; the call may have had its effect or not."
                        + " The server is being restarted, try again"));
        await().until(() -> servers.status().get(0).state() == McpStatus.State.RUNNING
                && !Files.readString(folder.resolve("pid")).equals(first));
        assertThat(calls.call("mcp__s__nothing", "{}").error()).isFalse();
    }

    @Test
    void call_takesTooLong_isAnsweredAndTheServerIsToldToStop() throws Exception {
        Calls calls = start(ScriptedServer.named("s", folder).withToolTimeout(Duration.ofMillis(50)));
        assertThat(calls.call("mcp__s__hang", "{}"))
                .isEqualTo(
                        ToolOutput.error("MCP server s did not answer this call within 50 ms and was told to stop it;"
                                + " it may have had its effect or not"));
        assertThatTheServerWasTold("the call took too long");
    }

    @Test
    void call_interrupted_tellsTheServerToStop() throws Exception {
        Calls calls = start();
        FutureTask<ToolOutput> call = new FutureTask<>(() -> calls.call("mcp__s__hang", "{}"));
        Thread thread = new Thread(call);
        thread.start();
        await().until(() -> Files.exists(folder.resolve("hanging")));
        thread.interrupt();
        assertThatThrownBy(() -> call.get(10, TimeUnit.SECONDS)).hasRootCauseInstanceOf(InterruptedException.class);
        assertThatTheServerWasTold("the call was cancelled");
    }

    private void assertThatTheServerWasTold(String reason) throws Exception {
        await().until(() -> Files.exists(folder.resolve("cancelled"))
                && Files.readString(folder.resolve("cancelled")).endsWith("}"));
        assertThat(folder.resolve("cancelled"))
                .content(StandardCharsets.UTF_8)
                .contains(
                        "\"requestId\":" + Files.readString(folder.resolve("hanging")),
                        "\"reason\":\"" + reason + "\"");
    }

    @Test
    void call_whileTheHostCloses_isAnswered() throws Exception {
        Calls calls = start();
        Tool hang = Calls.tool(servers, "mcp__s__hang");
        FutureTask<ToolOutput> call = new FutureTask<>(() -> calls.call(hang, "{}"));
        new Thread(call).start();
        await().until(() -> Files.exists(folder.resolve("hanging")));
        servers.close();
        ToolOutput closed = ToolOutput.error("MCP server s was closed by the host");
        assertThat(call.get(10, TimeUnit.SECONDS)).isEqualTo(closed);
        assertThat(calls.call(hang, "{}")).isEqualTo(closed);
        assertThat(servers.status())
                .containsExactly(new McpStatus("s", McpStatus.State.CLOSED, 11, "the host closed it"));
    }

    @Test
    void environment_isSmall() throws Exception {
        Calls calls = start(ScriptedServer.named("s", folder).withEnvironment("MY_SETTING", "1"));
        assertThat(calls.call("mcp__s__environment", "{}").text().split(" "))
                .contains("MY_SETTING", "PATH")
                .isSubsetOf("HOME", "LOGNAME", "MY_SETTING", "PATH", "SHELL", "TERM", "USER");
    }

    @Test
    void tools_serverSaysThatItsListChanged_areTheNewOnes() throws Exception {
        Calls calls = start();
        Tool old = Calls.tool(servers, "mcp__s__nothing");
        assertThat(calls.call("mcp__s__add", "{}")).isEqualTo(ToolOutput.text("added"));
        assertThat(Calls.names(servers)).hasSize(12).contains("mcp__s__added");
        assertThat(calls.call(old, "{}").error()).isFalse();
    }

    @Test
    void elicitation_hostAnswers_schemaFillsInTheRest() throws Exception {
        McpElicitation host = question -> {
            assertThat(question.server()).isEqualTo("s");
            assertThat(question.message()).isEqualTo("Which colour?");
            assertThat(question.schema()).startsWith("{\"type\":\"object\",\"properties\":{\"colour\":");
            assertThat(question.address()).isNull();
            return McpElicitation.Answer.accept(Map.of("colour", "red"));
        };
        assertThat(start(host).call("mcp__s__ask", "{}"))
                .isEqualTo(ToolOutput.text("{\"action\":\"accept\",\"content\":{\"colour\":\"red\",\"size\":7}}"));
    }

    @Test
    void elicitation_hostDeclinesOrFails_isSaid() throws Exception {
        assertThat(start(question -> McpElicitation.Answer.decline()).call("mcp__s__ask", "{}"))
                .isEqualTo(ToolOutput.text("{\"action\":\"decline\"}"));
        servers.close();
        McpElicitation failing = question -> {
            throw new IllegalStateException("no screen");
        };
        assertThat(start(failing).call("mcp__s__ask", "{}")).isEqualTo(ToolOutput.text("{\"action\":\"cancel\"}"));
    }

    @Test
    void elicitation_nobodyAnswers_isRefused() throws Exception {
        assertThat(start().call("mcp__s__ask", "{}").text())
                .contains("-32601", "this client does not answer elicitation/create");
    }

    @Test
    void elicitation_serverEnds_hostIsInterrupted() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch interrupted = new CountDownLatch(1);
        Calls calls = start(question -> {
            asked.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw e;
            }
            return McpElicitation.Answer.cancel();
        });
        FutureTask<ToolOutput> call = new FutureTask<>(() -> calls.call("mcp__s__ask", "{}"));
        new Thread(call).start();
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();
        long pid = Long.parseLong(Files.readString(folder.resolve("pid")));
        ProcessHandle.of(pid).orElseThrow().destroyForcibly();
        assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(call.get(10, TimeUnit.SECONDS).text())
                .startsWith("MCP server s ended during this call: it exited with code 137;");
    }
}
