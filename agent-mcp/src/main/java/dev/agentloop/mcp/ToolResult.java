package dev.agentloop.mcp;

import dev.agentloop.ToolOutput;
import dev.agentloop.ToolOutput.Image;
import dev.agentloop.ToolOutput.Part;
import dev.agentloop.ToolOutput.Text;
import java.util.ArrayList;
import java.util.List;

/** Turns what a server answers to a call into what the model reads: text and images, and words for everything else. */
final class ToolResult {
    private ToolResult() {}

    static ToolOutput of(Object result) {
        JsonObject answer = JsonObject.of(result);
        List<Part> parts = new ArrayList<>();
        answer.list("content").forEach(content -> parts.add(part(JsonObject.of(content))));
        if (parts.isEmpty()) {
            Object structured = answer.fields().get("structuredContent");
            parts.add(new Text(structured == null ? "The tool returned no content." : JsonObject.text(structured)));
        }
        return new ToolOutput(parts, answer.flag("isError", false));
    }

    private static Part part(JsonObject content) {
        return switch (content.text("type")) {
            case "text" -> new Text(content.text("text"));
            case "image" -> image(content.text("mimeType"), content.text("data"));
            case "audio" -> leftOut("audio", content.text("mimeType"), content.text("data"));
            case "resource_link" -> new Text(link(content));
            case "resource" -> resource(content.object("resource"));
            default ->
                new Text("[content of type \"" + content.text("type")
                        + "\" was left out: this client does not know that type]");
        };
    }

    private static Part image(String type, String data) {
        return new Image("data:" + type + ";base64," + data, "auto");
    }

    private static Part leftOut(String what, String type, String data) {
        return new Text("[" + what + " of type " + type + ", " + (data.length() / 4L * 3) + " bytes, was left out]");
    }

    private static String link(JsonObject link) {
        StringBuilder text = new StringBuilder("Resource ").append(link.text("uri"));
        append(text, " (", link.text("mimeType"), ")");
        append(text, ", ", link.text("name"), "");
        append(text, ": ", link.text("description"), "");
        return text.toString();
    }

    private static void append(StringBuilder text, String before, String value, String after) {
        if (!value.isEmpty()) {
            text.append(before).append(value).append(after);
        }
    }

    private static Part resource(JsonObject resource) {
        if (resource.has("text")) {
            return new Text("Resource " + resource.text("uri") + ":\n" + resource.text("text"));
        }
        String type = resource.text("mimeType");
        String data = resource.text("blob");
        return type.startsWith("image/") ? image(type, data) : leftOut("resource " + resource.text("uri"), type, data);
    }
}
