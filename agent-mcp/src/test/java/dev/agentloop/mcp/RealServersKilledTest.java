package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real servers that die and are launched again: what the model was told of their tools stays the same. */
@Tag("once")
class RealServersKilledTest {
    private static final int PROCESSES = 4;
    private static final int LAUNCHES = 5;

    @TempDir
    Path folder;

    @Test
    void call_programKilledMeanwhile_isAnsweredAndTheProgramComesBack() throws Exception {
        try (McpServers servers = McpServers.builder()
                .server(NpmPackages.stdio("everything", "stdio"))
                .server(NpmPackages.stdio("memory"))
                .backoff(failures -> Duration.ofMillis(20))
                .start()) {
            List<Tool.Specification> before = specifications(servers);
            Calls calls = new Calls(servers);
            Tool slow = Calls.tool(servers, "mcp__everything__trigger-long-running-operation");
            FutureTask<ToolOutput> call =
                    new FutureTask<>(() -> calls.call(slow, "{\"duration\": 60, \"steps\": 600}"));
            new Thread(call).start();
            await().until(() -> !calls.progress().isEmpty());

            killEverything();
            assertThat(call.get(10, TimeUnit.SECONDS).text())
                    .startsWith("MCP server everything ended during this call: it exited with code 137");
            assertThat(specifications(servers)).isEqualTo(before);
            assertThat(calls.call("mcp__memory__read_graph", "{}").error()).isFalse();

            await().until(() ->
                    servers.status().stream().allMatch(status -> status.state() == McpStatus.State.RUNNING));
            assertThat(calls.call("mcp__everything__echo", "{\"message\": \"again\"}"))
                    .isEqualTo(ToolOutput.text("Echo: again"));
            assertThat(specifications(servers)).isEqualTo(before);
        }
    }

    @Test
    void run_programKilledMeanwhile_goesOnWithTheSamePrefix() throws Exception {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.calls(
                        "call_1",
                        "mcp__everything__trigger-long-running-operation",
                        "{\"duration\": 60, \"steps\": 600}"),
                ScriptedResponse.says("It died."),
                ScriptedResponse.calls("call_2", "mcp__everything__echo", "{\"message\": \"again\"}"),
                ScriptedResponse.says("It is back."));
        try (McpServers servers = McpServers.builder()
                        .server(NpmPackages.stdio("everything", "stdio"))
                        .backoff(failures -> Duration.ofMillis(20))
                        .start();
                AgentLoop agent =
                        AgentLoop.builder().model(model).tools(servers.tools()).build()) {
            Conversation conversation = agent.newConversation();
            AtomicBoolean killed = new AtomicBoolean();
            conversation.run("Take your time", RunOptions.listeningWith(event -> {
                if (event instanceof AgentEvent.ToolProgress && killed.compareAndSet(false, true)) {
                    killEverything();
                }
            }));
            Prompt died = model.lastPrompt();
            await().until(() -> servers.status().get(0).state() == McpStatus.State.RUNNING);
            assertThat(conversation.run("Once more").text()).isEqualTo("It is back.");
            assertThat(outputs(died))
                    .singleElement()
                    .asString()
                    .startsWith("MCP server everything ended during this call");
            assertThat(outputs(model.lastPrompt())).hasSize(2).endsWith("Echo: again");
            assertThat(model.lastPrompt().head()).isEqualTo(died.head());
            assertThat(model.lastPrompt().items()).startsWith(died.items().toArray(new Item[0]));
        }
    }

    private static List<String> outputs(Prompt prompt) {
        return prompt.items().stream()
                .filter(item -> item instanceof Item.Output)
                .map(item -> ((Item.Output) item).text())
                .toList();
    }

    private static void killEverything() {
        String script = NpmPackages.script("everything").toString();
        List<ProcessHandle> found = ProcessHandle.current()
                .descendants()
                .filter(process -> List.of(process.info().arguments().orElse(new String[0]))
                        .contains(script))
                .toList();
        assertThat(found).hasSize(1);
        found.get(0).destroyForcibly();
    }

    private static List<Tool.Specification> specifications(McpServers servers) {
        return servers.tools().stream().map(Tool::specification).toList();
    }

    /** Twenty launches, in several processes, as each has its own order of what is in a hash table. */
    @Test
    void tools_launchedInShuffledOrder_areTheSameBytes() throws Exception {
        List<String> lines = new ArrayList<>();
        for (int seed = 1; seed <= PROCESSES; seed++) {
            lines.addAll(launches(seed));
        }
        assertThat(lines).hasSize(PROCESSES * LAUNCHES).allMatch(line -> line.startsWith("36 tools, "));
        assertThat(lines).containsOnly(lines.get(0));
    }

    private List<String> launches(int seed) throws Exception {
        Path output = folder.resolve("output-" + seed);
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ToolBytes.class.getName(),
                        Integer.toString(seed),
                        Integer.toString(LAUNCHES),
                        folder.toString(),
                        NpmPackages.script("everything").toString(),
                        NpmPackages.script("filesystem").toString(),
                        NpmPackages.script("memory").toString())
                .redirectOutput(output.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).as("seed %d", seed).isTrue();
        return Files.readAllLines(output).stream()
                .filter(line -> line.contains(" tools, "))
                .toList();
    }
}
