package dev.agentloop.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;
import java.util.concurrent.ExecutorService;

/** Opens connections to one server, one after the other. */
interface Transports extends AutoCloseable {

    /** A connection that is not used yet. */
    McpClientTransport next();

    /** Ends what the connections had in common. */
    @Override
    void close();

    /** The way to a server; its work is done on {@code threads}. */
    static Transports of(McpServer server, ExecutorService threads) {
        return server.target() instanceof McpServer.Address address
                ? new HttpTransports(address, threads)
                : new StdioTransports(server, threads);
    }
}
