package dev.agentloop.tools.internal.edit;

import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import dev.agentloop.tools.internal.files.TextEncoding;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.ResolvedPath;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The tool {@code write_file}: a whole file in one step, new or in place of the one that is there. */
public final class WriteFile {
    private static final Tool.Specification SPECIFICATION = Tool.Specification.function(
            "write_file",
            "Writes a whole text file in UTF-8, creating it and its directories, or replacing what it holds. "
                    + "To change parts of a file use apply_patch.",
            """
            {"type":"object","properties":{\
            "file_path":{"type":"string","description":"The file, relative to the workspace or absolute inside it."},\
            "content":{"type":"string","description":"All that the file is to hold."}\
            },"required":["file_path","content"],"additionalProperties":false}""");

    private WriteFile() {}

    public static ActionTool tool(FileChanges changes) {
        Path base = changes.workspace().base();
        return ActionTool.writing(SPECIFICATION, Tool.AfterCrash.RUN_AGAIN, base, (call, context) -> {
            ToolArguments arguments = ToolArguments.of(call, "file_path", "content");
            String path = arguments.text("file_path");
            byte[] content = TextEncoding.UTF_8.encode(FileNames.shown(path), arguments.text("content"));
            try (FileChanges.Turn turn = changes.begin();
                    ResolvedPath resolved = changes.workspace().resolve(path)) {
                write(turn, path, resolved, content);
                return ToolOutput.text(turn.report() + (resolved.exists() ? "Replaced " : "Created ") + resolved.text()
                        + " (" + content.length + " bytes)\n");
            } catch (IOException e) {
                throw Refusal.about(FileNames.shown(path), e);
            }
        });
    }

    private static void write(FileChanges.Turn turn, String path, ResolvedPath resolved, byte[] content)
            throws IOException {
        resolved.requireWritable();
        byte[] before = null;
        if (resolved.exists()) {
            resolved.requireFile();
            resolved.requireReplaceable();
            before = resolved.readAll(FileChange.SIZE_LIMIT);
        } else {
            FileNames.requirePlain(path);
        }
        turn.apply(List.of(new FileChange(resolved, before, content, resolved.attributes())));
    }
}
