package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import java.io.IOException;
import java.util.List;

/** The tool {@code apply_patch}. */
final class PatchTool {
    private static final Tool.Specification SPECIFICATION =
            new Tool.Specification("apply_patch", """
            Changes files by a patch: all of it, or nothing if a part does not fit.

            *** Begin Patch
            *** Add File: path/of/new.txt
            +each line of the new file
            *** Update File: path/of/file.py
            *** Move to: optional/new/path.py
            @@ optional line above the change, such as def f():
             a line that stays
            -a line that goes
            +a line that comes
            *** Delete File: path/of/old.txt
            *** End Patch

            Paths are relative to the workspace. Give about three lines that stay before and after each change. \
            A file may have several chunks, each after @@, from top to bottom. \
            "*** End of File" after a chunk says that it ends the file.""", """
            {"type":"object","properties":{\
            "input":{"type":"string","description":"The whole patch, from *** Begin Patch to *** End Patch."}\
            },"required":["input"],"additionalProperties":false}""", false, new Tool.Grammar("lark", PatchParser.GRAMMAR));

    private PatchTool() {}

    static FileTool tool(FileChanges changes) {
        ApplyPatch patch = new ApplyPatch(changes);
        return FileTool.writing(
                SPECIFICATION,
                Tool.AfterCrash.REPORT,
                changes.workspace(),
                (call, context) -> ToolOutput.text(patch.apply(input(call), null)));
    }

    private static String input(ToolCall call) throws IOException {
        return call.custom()
                ? call.arguments()
                : ToolArguments.parse(call.arguments(), List.of("input")).text("input");
    }
}
