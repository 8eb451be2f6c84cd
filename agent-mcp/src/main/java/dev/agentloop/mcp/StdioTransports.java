package dev.agentloop.mcp;

import io.modelcontextprotocol.spec.McpClientTransport;
import java.util.concurrent.ExecutorService;

/** Starts the program of a server for each connection. */
record StdioTransports(McpServer server, ExecutorService threads) implements Transports {

    @Override
    public McpClientTransport next() {
        return new StdioTransport(new ServerProcess(server, threads), threads);
    }

    @Override
    public void close() {
        // A program belongs to its connection.
    }
}
