package dev.agentloop.mcp;

import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks a server for all of its tools. */
final class ToolList {
    private static final Logger LOG = LoggerFactory.getLogger(ToolList.class);

    private static final int MOST_PAGES = 1_000;

    private ToolList() {}

    /**
     * The tools that the host wants of a server, in the order of their names.
     *
     * @param timeout for each page
     */
    static List<RemoteTool> of(McpServer server, Session session, Duration timeout)
            throws ServerException, InterruptedException {
        Map<String, RemoteTool> tools = new TreeMap<>();
        Set<String> cursors = new HashSet<>();
        String cursor = "";
        do {
            Map<String, Object> params = cursor.isEmpty() ? Map.of() : Map.of("cursor", cursor);
            JsonObject page = JsonObject.of(session.request(McpSchema.METHOD_TOOLS_LIST, params, timeout));
            page.list("tools").forEach(tool -> add(server, RemoteTool.of(JsonObject.of(tool)), tools));
            cursor = page.text("nextCursor");
            if (!cursor.isEmpty() && (!cursors.add(cursor) || cursors.size() > MOST_PAGES)) {
                throw ServerException.refused("its list of tools has no end after " + cursors.size() + " pages");
            }
        } while (!cursor.isEmpty());
        return List.copyOf(tools.values());
    }

    private static void add(McpServer server, RemoteTool tool, Map<String, RemoteTool> tools) {
        if (tool.name().isEmpty()) {
            LOG.warn("MCP server {} has a tool without a name, which was left out", server.name());
        } else if (server.filter().accepts(tool.name()) && tools.putIfAbsent(tool.name(), tool) != null) {
            LOG.warn("MCP server {} has two tools named {}; the first was taken", server.name(), tool.name());
        }
    }
}
