package dev.agentloop.mcp;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Calls tools as the loop does. */
final class Calls implements ToolContext {
    private final McpServers servers;
    private final List<String> progress = new CopyOnWriteArrayList<>();

    Calls(McpServers servers) {
        this.servers = servers;
    }

    static Tool tool(McpServers servers, String name) {
        return servers.tools().stream()
                .filter(tool -> tool.specification().name().equals(name))
                .findFirst()
                .orElseThrow(() ->
                        new AssertionError("no tool " + name + " among " + names(servers) + "; " + servers.status()));
    }

    static List<String> names(McpServers servers) {
        return servers.tools().stream().map(tool -> tool.specification().name()).toList();
    }

    ToolOutput call(String name, String arguments) throws Exception {
        return call(tool(servers, name), arguments);
    }

    ToolOutput call(Tool tool, String arguments) throws Exception {
        return tool.call(ToolCall.function("call_1", tool.specification().name(), arguments), this);
    }

    /** What the tools have reported while they ran. */
    List<String> progress() {
        return progress;
    }

    @Override
    public String conversation() {
        return "conversation";
    }

    @Override
    public String callId() {
        return "call_1";
    }

    @Override
    public boolean cancelled() {
        return Thread.currentThread().isInterrupted();
    }

    @Override
    public void progress(String text) {
        progress.add(text);
    }

    @Override
    public Map<String, String> attributes() {
        return Map.of();
    }

    @Override
    public Optional<String> fullOutput(String callId) {
        return Optional.empty();
    }
}
