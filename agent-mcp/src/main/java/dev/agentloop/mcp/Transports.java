package dev.agentloop.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;

/** Opens connections to one server, one after the other. */
interface Transports extends AutoCloseable {

    /** A connection that is not used yet. */
    McpClientTransport next();

    /** Ends what the connections had in common. */
    @Override
    void close();
}
