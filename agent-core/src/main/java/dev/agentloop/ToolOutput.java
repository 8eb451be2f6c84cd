package dev.agentloop;

import dev.agentloop.internal.Json;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * What a tool call gave: text and images for the model, and whether it failed.
 *
 * <p>A failure is data, too: the model reads it and can repair its call. The error flag is for the host (events, the log);
 * the wire has no place for it, so the text must say what went wrong. Immutable and thread-safe.
 *
 * @param parts what the model sees, in order
 * @param error whether the call failed
 */
public record ToolOutput(List<Part> parts, boolean error) {

    /** A piece of an output. */
    public sealed interface Part {}

    /** Text, which the loop cuts to the tool's budget before it is first sent. */
    public record Text(String text) implements Part {
        public Text {
            Objects.requireNonNull(text, "the text of an output is null; where a tool has nothing to say, say that");
        }
    }

    /**
     * An image.
     *
     * @param url a data URL or a web address
     * @param detail {@code auto}, {@code low}, {@code high} or {@code original}
     */
    public record Image(String url, String detail) implements Part {
        public Image {
            Objects.requireNonNull(url, "the url of an image in an output is null");
            Objects.requireNonNull(detail, "the detail of an image in an output is null; auto is the usual one");
        }
    }

    public ToolOutput {
        parts = List.copyOf(parts);
    }

    /** A successful output of one text. */
    public static ToolOutput text(String text) {
        return new ToolOutput(List.of(new Text(text)), false);
    }

    /** A failure that the model reads. */
    public static ToolOutput error(String text) {
        return new ToolOutput(List.of(new Text(text)), true);
    }

    /** The text parts, joined. */
    public String text() {
        if (parts.size() == 1 && parts.get(0) instanceof Text only) {
            return only.text();
        }
        return parts.stream()
                .map(part -> part instanceof Text text ? text.text() : "")
                .collect(Collectors.joining());
    }

    /** The item that answers {@code call}: a plain string for one text, an array of parts otherwise. */
    public Item item(ToolCall call) {
        String type = call.custom() ? "custom_tool_call_output" : "function_call_output";
        byte[] line = Json.object(w -> {
            w.text("type", type).text("call_id", call.callId());
            if (parts.size() == 1 && parts.get(0) instanceof Text text) {
                w.text("output", text.text());
                return;
            }
            w.objects("output", parts, (p, part) -> write(part, p));
        });
        return new Item.Output(line, call.callId(), type);
    }

    private static void write(Part part, Json.Writer writer) throws java.io.IOException {
        if (part instanceof Text text) {
            writer.text("type", "input_text").text("text", text.text());
        } else if (part instanceof Image image) {
            writer.text("type", "input_image").text("image_url", image.url()).text("detail", image.detail());
        }
    }
}
