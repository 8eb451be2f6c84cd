/**
 * Tools of MCP servers for an agent, over standard input and output or streamable HTTP.
 *
 * <p>Start at {@link dev.agentloop.mcp.McpServers#builder}. The MCP Java SDK does the work on the wire; none of its types,
 * and none of Reactor's, is part of this API.
 */
@NullMarked
package dev.agentloop.mcp;

import org.jspecify.annotations.NullMarked;
