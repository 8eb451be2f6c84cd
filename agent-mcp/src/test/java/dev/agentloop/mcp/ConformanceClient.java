package dev.agentloop.mcp;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * What the protocol's own test program starts: a client that uses every tool of the server it is told of. The address is
 * the last argument, the scenario is in the environment.
 */
final class ConformanceClient {
    private ConformanceClient() {}

    public static void main(String[] arguments) throws Exception {
        URI address = URI.create(List.of(arguments).get(arguments.length - 1));
        try (McpServers servers = McpServers.builder()
                .server(McpServer.http("conformance", address).withToolTimeout(Duration.ofSeconds(5)))
                .elicitation(question -> McpElicitation.Answer.accept(Map.of()))
                .start()) {
            System.err.println(servers.status());
            for (Tool tool : servers.tools()) {
                ToolCall call = ToolCall.function("call_1", tool.specification().name(), "{\"a\": 5, \"b\": 3}");
                System.err.println(tool.call(call, new Calls(servers)));
            }
        }
    }
}
