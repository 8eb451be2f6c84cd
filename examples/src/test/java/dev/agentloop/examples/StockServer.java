package dev.agentloop.examples;

import dev.agentloop.mcp.McpServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An MCP server with one tool, {@code stock}, which only reads. Started as a process of its own. */
final class StockServer {
    private static final Pattern ID = Pattern.compile("\"id\":(\"[^\"]*\")");

    private StockServer() {}

    private static List<String> command() {
        return List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                StockServer.class.getName());
    }

    static McpServer described() {
        return McpServer.stdio("shop", command()).withTrust(McpServer.Trust.HINTS);
    }

    /** Answers one message after the other until there is no more. */
    public static void main(String[] arguments) throws IOException {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Matcher id = ID.matcher(line);
            if (id.find()) {
                out.println("{\"jsonrpc\":\"2.0\",\"id\":" + id.group(1) + ",\"result\":" + result(line) + "}");
            }
        }
    }

    private static String result(String request) {
        if (request.contains("\"initialize\"")) {
            return "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},"
                    + "\"serverInfo\":{\"name\":\"shop\",\"version\":\"1\"}}";
        }
        return request.contains("\"tools/list\"")
                ? "{\"tools\":[{\"name\":\"stock\",\"description\":\"Tells what is there\","
                        + "\"inputSchema\":{\"type\":\"object\",\"properties\":{}},"
                        + "\"annotations\":{\"readOnlyHint\":true}}]}"
                : "{\"content\":[{\"type\":\"text\",\"text\":\"120 bolts\"}]}";
    }
}
