package dev.agentloop.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.examples.ChildJvm;
import dev.agentloop.examples.StockServer;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** MCP servers on the command line. */
class McpOptionTest extends AgentTest {
    private static final String SHOP = "shop="
            + StockServer.command().stream().map(word -> "\"" + word + "\"").collect(Collectors.joining(" "));

    @Test
    void exec_withServers_usesThoseThatRunAndNamesThoseThatDoNot() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "mcp__shop__stock", "{}"), ScriptedResponse.says("120."));
                ChildJvm agent = start(
                        server,
                        "exec",
                        "--mcp",
                        SHOP,
                        "--mcp-trust",
                        "shop",
                        "--mcp",
                        "broken=sh -c 'echo no licence >&2; exit 7'",
                        "How many?")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.out()).isEqualTo("120.\n");
            assertThat(agent.err())
                    .contains(
                            "MCP server broken: not running, it exited with code 7, and its last words were: no licence\n",
                            "MCP server shop: 1 tool\n");
            assertThat(server.requests().get(1).items()).last().asString().contains("120 bolts");
        }
    }

    @Test
    void serverThatVouchesForItself_isAskedAbout_unlessTheUserTrustsIt() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "mcp__shop__stock", "{}"), ScriptedResponse.says("120."));
                ChildJvm agent = start(
                        server,
                        "exec",
                        "--mcp",
                        SHOP,
                        "--approval",
                        "untrusted",
                        "--sandbox",
                        "read-only",
                        "How many?")) {
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(Main.AWAITING_APPROVAL);
            assertThat(agent.err()).contains("1 tool call awaits approval", "call_1 mcp__shop__stock");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void chat_withAServer_usesIt() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "mcp__shop__stock", "{}"), ScriptedResponse.says("120."));
                ChildJvm agent = start(server, "chat", "--mcp", SHOP, "--mcp-trust", "shop", "How many?")) {
            agent.endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.err()).contains("MCP server shop: 1 tool\n");
            assertThat(server.requests()).hasSize(2);
        }
    }
}
