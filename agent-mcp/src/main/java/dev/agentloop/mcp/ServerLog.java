package dev.agentloop.mcp;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the program of a server writes to its standard error: logged line by line, the last lines kept. Thread-safe. */
final class ServerLog {
    private static final Logger LOG = LoggerFactory.getLogger(ServerLog.class);
    private static final int LONGEST_LINE = 2_000;
    private static final int KEPT_LINES = 5;

    private final String name;
    private final Secrets secrets;
    private final Deque<String> last = new ArrayDeque<>();

    ServerLog(McpServer server) {
        name = server.name();
        secrets = server.secrets();
    }

    /** Reads to the end. */
    void read(InputStream errors) {
        try (LineInput input = new LineInput(errors, LONGEST_LINE)) {
            for (byte[] line = input.next(); line != null; line = input.next()) {
                String text = secrets.hide(new String(line, StandardCharsets.UTF_8).strip());
                LOG.debug("MCP server {}: {}{}", name, text, input.cut() ? "…" : "");
                if (!text.isEmpty()) {
                    keep(text);
                }
            }
        } catch (IOException e) {
            LOG.debug("the standard error of MCP server {} broke: {}", name, e.getMessage());
        }
    }

    private synchronized void keep(String line) {
        if (last.size() == KEPT_LINES) {
            last.removeFirst();
        }
        last.addLast(line);
    }

    /** The last lines, as the end of a sentence; empty where there was none. */
    synchronized String lastWords() {
        return last.isEmpty() ? "" : ", and its last words were: " + Failures.cut(String.join(" | ", last));
    }
}
