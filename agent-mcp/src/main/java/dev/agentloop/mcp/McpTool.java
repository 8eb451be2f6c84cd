package dev.agentloop.mcp;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.time.Duration;

/** A tool of a server; stays valid when its server ends, is replaced, or no longer has it. */
final class McpTool implements Tool {
    private final SupervisedServer server;
    private final RemoteTool tool;
    private final Specification specification;

    McpTool(SupervisedServer server, RemoteTool tool, String name) {
        this.server = server;
        this.tool = tool;
        specification = Specification.function(name, tool.description(), tool.schema());
    }

    @Override
    public Specification specification() {
        return specification;
    }

    @Override
    public ToolOutput call(ToolCall call, ToolContext context) throws InterruptedException {
        return server.call(tool.name(), call.arguments(), context);
    }

    @Override
    public Access access(ToolCall call) {
        return tool.hints().access(server.description().trust());
    }

    @Override
    public AfterCrash afterCrash(ToolCall call) {
        return tool.hints().afterCrash(server.description().trust());
    }

    @Override
    public Duration timeout() {
        return server.description().toolTimeout();
    }

    /** The name that the model knows, for logs. */
    @Override
    public String toString() {
        return specification.name();
    }
}
