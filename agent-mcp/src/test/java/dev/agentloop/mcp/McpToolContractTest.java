package dev.agentloop.mcp;

import dev.agentloop.Tool;
import dev.agentloop.testkit.ToolContract;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** A tool of a real server keeps to what every tool must do. */
class McpToolContractTest extends ToolContract {
    private static McpServers servers;

    @BeforeAll
    static void start() {
        servers = McpServers.builder()
                .server(NpmPackages.stdio("everything", "stdio"))
                .start();
    }

    @AfterAll
    static void stop() {
        if (servers != null) {
            servers.close();
        }
    }

    @Override
    protected Tool tool() {
        return Calls.tool(servers, "mcp__everything__get-sum");
    }

    @Override
    protected String goodArguments(int number) {
        return "{\"a\": 1, \"b\": " + number + "}";
    }
}
