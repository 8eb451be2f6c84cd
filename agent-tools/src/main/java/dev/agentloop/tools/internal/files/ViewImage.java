package dev.agentloop.tools.internal.files;

import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

/** The tool {@code view_image}: an image file as something that the model sees. */
public final class ViewImage {
    private static final int MAX_BYTES = 8 << 20;

    private static final Tool.Specification SPECIFICATION =
            Tool.Specification.function("view_image", "Shows an image file: PNG, JPEG, GIF or WebP, up to 8 MiB.", """
            {"type":"object","properties":{\
            "path":{"type":"string","description":"The image, relative to the workspace or absolute inside it."},\
            "detail":{"type":"string","enum":["auto","low","high","original"],"description":"How closely to look. Default auto."}\
            },"required":["path"],"additionalProperties":false}""");

    private ViewImage() {}

    public static ActionTool tool(Workspace workspace) {
        return ActionTool.reading(SPECIFICATION, (call, context) -> {
            ToolArguments arguments = ToolArguments.of(call, "path", "detail");
            String path = arguments.text("path");
            String detail = arguments.word("detail", "auto", "auto", "low", "high", "original");
            try (ResolvedPath resolved = workspace.resolve(path)) {
                resolved.requireFile();
                byte[] bytes = resolved.readAll(MAX_BYTES);
                String url = "data:" + type(resolved, bytes) + ";base64,"
                        + Base64.getEncoder().encodeToString(bytes);
                return new ToolOutput(List.of(new ToolOutput.Image(url, detail)), false);
            } catch (IOException e) {
                throw Refusal.about(FileNames.shown(path), e);
            }
        });
    }

    /** The media type by the first bytes, since a file's name proves nothing. */
    private static String type(ResolvedPath resolved, byte[] bytes) throws Refusal {
        String start = new String(bytes, 0, Math.min(bytes.length, 12), StandardCharsets.ISO_8859_1);
        if (start.startsWith("\u0089PNG\r\n\u001A\n")) {
            return "image/png";
        }
        if (start.startsWith("\u00FF\u00D8\u00FF")) {
            return "image/jpeg";
        }
        if (start.startsWith("GIF87a") || start.startsWith("GIF89a")) {
            return "image/gif";
        }
        if (start.startsWith("RIFF") && start.startsWith("WEBP", 8)) {
            return "image/webp";
        }
        throw new Refusal(resolved.text() + ": is not a PNG, JPEG, GIF or WebP image");
    }
}
