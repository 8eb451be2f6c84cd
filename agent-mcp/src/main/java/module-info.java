/** MCP servers as tools of an agent. */
@SuppressWarnings("requires-automatic") // the SDK and Reactor have no module descriptors
module dev.agentloop.mcp {
    requires transitive dev.agentloop.core;
    requires java.net.http;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires io.modelcontextprotocol.sdk.mcp.core;
    requires io.modelcontextprotocol.sdk.mcp.json.jackson2;
    requires reactor.core;
    requires org.slf4j;
    requires transitive org.jspecify;

    exports dev.agentloop.mcp;
}
