package dev.agentloop.mcp;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.ProtocolVersions;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** Introduces this client to a server, and finds a version of the protocol that both speak. */
final class Handshake {
    /** The versions that this client speaks, the newest last. */
    static final List<String> VERSIONS = List.of(
            ProtocolVersions.MCP_2024_11_05,
            ProtocolVersions.MCP_2025_03_26,
            ProtocolVersions.MCP_2025_06_18,
            ProtocolVersions.MCP_2025_11_25);

    private Handshake() {}

    /**
     * Introduces the client.
     *
     * @param elicits whether the server may ask the user something
     * @return whether the server has tools
     */
    static boolean with(Session session, boolean elicits, Duration timeout)
            throws ServerException, InterruptedException {
        Map<String, Object> capabilities =
                elicits ? Map.of("elicitation", Map.of("form", Map.of(), "url", Map.of())) : Map.of();
        Map<String, Object> params = Map.of(
                "protocolVersion", VERSIONS.get(VERSIONS.size() - 1),
                "capabilities", capabilities,
                "clientInfo", Map.of("name", "agentloop", "version", version()));
        JsonObject answer = JsonObject.of(session.request(McpSchema.METHOD_INITIALIZE, params, timeout));
        String protocol = answer.text("protocolVersion");
        if (!VERSIONS.contains(protocol)) {
            throw ServerException.refused("it speaks version \"" + Failures.cut(protocol)
                    + "\" of the protocol, and this client speaks " + String.join(", ", VERSIONS));
        }
        session.agree(protocol);
        // Over HTTP two messages are two requests, and the second one may overtake the first.
        session.confirm(McpSchema.METHOD_NOTIFICATION_INITIALIZED, Map.of(), timeout);
        return answer.object("capabilities").has("tools");
    }

    private static String version() {
        String version = McpServers.class.getPackage().getImplementationVersion();
        return version == null ? "0" : version;
    }
}
