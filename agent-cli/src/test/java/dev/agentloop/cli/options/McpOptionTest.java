package dev.agentloop.cli.options;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.cli.commands.ExitCode;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** MCP servers on the command line. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the servers are shell scripts")
class McpOptionTest extends AgentTest {
    /** A server with one tool, {@code stock}, which only reads. */
    private static final String SERVER = """
            while read -r message; do
              id=${message#*'"id":'}
              id=${id%%[,\\}]*}
              case $message in
                *'"initialize"'*) result='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},\
            "serverInfo":{"name":"shop","version":"1"}}' ;;
                *'"tools/list"'*) result='{"tools":[{"name":"stock","description":"Tells what is there",\
            "inputSchema":{"type":"object","properties":{}},"annotations":{"readOnlyHint":true}}]}' ;;
                *'"id":'*) result='{"content":[{"type":"text","text":"120 bolts"}]}' ;;
                *) continue ;;
              esac
              printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$id" "$result"
            done
            """;

    private String shop;

    @BeforeEach
    void writeServer() throws IOException {
        shop = "shop=sh " + Files.writeString(folder.resolve("shop.sh"), SERVER);
    }

    @Test
    void exec_withServers_usesThoseThatRunAndNamesThoseThatDoNot() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "mcp__shop__stock", "{}"), ScriptedResponse.says("120."));
                ChildJvm agent = start(
                        server,
                        "exec",
                        "--mcp",
                        shop,
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
                        shop,
                        "--approval",
                        "untrusted",
                        "--sandbox",
                        "read-only",
                        "How many?")) {
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(ExitCode.AWAITING_APPROVAL);
            assertThat(agent.err()).contains("1 tool call awaits approval", "call_1 mcp__shop__stock");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void chat_withAServer_usesIt() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "mcp__shop__stock", "{}"), ScriptedResponse.says("120."));
                ChildJvm agent = start(server, "chat", "--mcp", shop, "--mcp-trust", "shop", "How many?")) {
            agent.endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.err()).contains("MCP server shop: 1 tool\n");
            assertThat(server.requests()).hasSize(2);
        }
    }
}
