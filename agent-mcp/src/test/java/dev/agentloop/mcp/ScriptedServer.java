package dev.agentloop.mcp;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A server of its own process that does what no real one does on demand. Its arguments: a folder to write into, then the
 * options {@code noisy}, {@code silent}, {@code endless}.
 */
final class ScriptedServer {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CONTENTS = """
            {"content": [{"type": "hologram", "light": 1},\
             {"type": "audio", "mimeType": "audio/wav", "data": "UklGRg=="},\
             {"type": "resource", "resource": {"uri": "x:1", "mimeType": "image/gif", "blob": "R0lG"}},\
             {"type": "resource", "resource": {"uri": "x:2", "mimeType": "a/b", "blob": "QUJD"}},\
             {"type": "text", "text": "end"}], "structuredContent": {"ignored": true}}""";
    private static final PrintStream OUT = new PrintStream(System.out, true, StandardCharsets.UTF_8);

    private final Path folder;
    private final List<String> options;
    private final List<String> tools = new ArrayList<>(List.of(
            "zeta", "exit", "hang", "contents", "structured", "nothing", "environment", "ask", "add", "b.c", "b_c"));

    private ScriptedServer(Path folder, List<String> options) {
        this.folder = folder;
        this.options = options;
    }

    /** The command that starts it. */
    static McpServer named(String name, Path folder, String... options) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-cp",
                System.getProperty("java.class.path"),
                ScriptedServer.class.getName(),
                folder.toString()));
        command.addAll(List.of(options));
        return McpServer.stdio(name, command).withTrust(McpServer.Trust.HINTS);
    }

    public static void main(String[] arguments) throws IOException {
        List<String> words = List.of(arguments);
        new ScriptedServer(Path.of(words.get(0)), words.subList(1, words.size())).run();
    }

    private void run() throws IOException {
        Files.writeString(
                folder.resolve("pid"), Long.toString(ProcessHandle.current().pid()));
        if (options.contains("noisy")) {
            OUT.println("Welcome! The key is " + System.getenv("API_KEY"));
            System.err.println("starting with key " + System.getenv("API_KEY"));
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            received(JSON.readTree(line));
        }
    }

    private void received(JsonNode message) throws IOException {
        String method = message.path("method").asText();
        String id = message.path("id").toString();
        switch (method) {
            case "initialize" -> {
                if (!options.contains("silent")) {
                    answer(
                            id,
                            "{\"protocolVersion\": \"" + (options.contains("old") ? "1999-12-31" : "2025-06-18")
                                    + "\", \"capabilities\": {\"tools\": {}}, \"serverInfo\": {\"name\": \"scripted\"}}");
                }
            }
            case "tools/list" -> list(id, message.path("params").path("cursor").asText());
            case "tools/call" -> call(id, message.path("params").path("name").asText());
            case "notifications/cancelled" -> Files.writeString(folder.resolve("cancelled"), message.toString());
            case "" -> answered(message);
            default -> Files.writeString(folder.resolve("last"), method);
        }
    }

    /** One tool on each page, so that every list has pages. */
    private void list(String id, String cursor) {
        int at = cursor.isEmpty() ? 0 : Integer.parseInt(cursor);
        boolean more = at + 1 < tools.size() || options.contains("endless");
        String next = more ? ", \"nextCursor\": \"" + (at + 1) % tools.size() + "\"" : "";
        answer(id, "{\"tools\": [{\"name\": \"" + tools.get(at) + "\", \"inputSchema\": {}}]" + next + "}");
    }

    private void call(String id, String tool) throws IOException {
        switch (tool) {
            case "exit" -> {
                System.err.println("out of cheese, key " + System.getenv("API_KEY"));
                System.exit(3);
            }
            case "hang" -> Files.writeString(folder.resolve("hanging"), id);
            case "contents" -> answer(id, CONTENTS);
            case "structured" -> answer(id, "{\"content\": [], \"structuredContent\": {\"b\": 1, \"a\": [2]}}");
            case "nothing" -> answer(id, "{}");
            case "environment" ->
                answer(
                        id,
                        text(new TreeMap<>(System.getenv())
                                .keySet().stream()
                                        .filter(name -> !name.startsWith("AGENTLOOP_CALL_"))
                                        .collect(Collectors.joining(" "))));
            case "ask" -> {
                Files.writeString(folder.resolve("asking"), id);
                OUT.println(
                        "{\"jsonrpc\": \"2.0\", \"id\": \"question\", \"method\": \"elicitation/create\", \"params\":"
                                + " {\"message\": \"Which colour?\", \"requestedSchema\": {\"type\": \"object\", \"properties\":"
                                + " {\"colour\": {\"type\": \"string\", \"default\": \"blue\"},"
                                + " \"size\": {\"type\": \"integer\", \"default\": 7}}}}}");
            }
            case "add" -> {
                tools.add("added");
                OUT.println("{\"jsonrpc\": \"2.0\", \"method\": \"notifications/tools/list_changed\"}");
                answer(id, text("added"));
            }
            default ->
                OUT.println("{\"jsonrpc\": \"2.0\", \"id\": " + id
                        + ", \"error\": {\"code\": -32602, \"message\": \"no tool " + tool + " here\"}}");
        }
    }

    private void answered(JsonNode message) throws IOException {
        String result = message.has("error")
                ? message.get("error").toString()
                : message.path("result").toString();
        answer(Files.readString(folder.resolve("asking")), text(result));
    }

    private static String text(String text) throws IOException {
        return "{\"content\": [{\"type\": \"text\", \"text\": " + JSON.writeValueAsString(text) + "}]}";
    }

    private static void answer(String id, String result) {
        OUT.println("{\"jsonrpc\": \"2.0\", \"id\": " + id + ", \"result\": " + result + "}");
    }
}
