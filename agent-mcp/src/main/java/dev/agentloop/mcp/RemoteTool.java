package dev.agentloop.mcp;

import dev.agentloop.Tool;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A tool as its server describes it.
 *
 * @param name the server's own name of it
 * @param description what the model is told it does; may be empty
 * @param schema the JSON Schema of its arguments, as text in the server's own order of fields
 * @param hints what the server says of its effects
 */
record RemoteTool(String name, String description, String schema, Hints hints) {

    /** The annotations, with the defaults of the specification where there are none. */
    record Hints(boolean readOnly, boolean destructive, boolean idempotent, boolean openWorld) {

        Tool.Access access(McpServer.Trust trust) {
            return switch (trust) {
                case NONE -> Tool.Access.UNRESTRICTED;
                case HINTS ->
                    readOnly
                            ? Tool.Access.READS
                            : destructive || openWorld ? Tool.Access.UNRESTRICTED : Tool.Access.WRITES;
                case FULL -> readOnly ? Tool.Access.READS : Tool.Access.WRITES;
            };
        }

        Tool.AfterCrash afterCrash(McpServer.Trust trust) {
            return trust != McpServer.Trust.NONE && (readOnly || idempotent)
                    ? Tool.AfterCrash.RUN_AGAIN
                    : Tool.AfterCrash.REPORT;
        }
    }

    static RemoteTool of(JsonObject tool) {
        JsonObject annotations = tool.object("annotations");
        String description = tool.text("description");
        return new RemoteTool(
                tool.text("name"),
                description.isEmpty() ? title(tool, annotations) : description,
                schema(tool.object("inputSchema").fields()),
                new Hints(
                        annotations.flag("readOnlyHint", false),
                        annotations.flag("destructiveHint", true),
                        annotations.flag("idempotentHint", false),
                        annotations.flag("openWorldHint", true)));
    }

    private static String title(JsonObject tool, JsonObject annotations) {
        String title = tool.text("title");
        return title.isEmpty() ? annotations.text("title") : title;
    }

    // A model's server refuses a function whose parameters are no object, or have no properties.
    private static String schema(Map<?, ?> sent) {
        Map<Object, Object> schema = new LinkedHashMap<>(sent);
        schema.putIfAbsent("type", "object");
        schema.putIfAbsent("properties", Map.of());
        return JsonObject.text(schema);
    }
}
