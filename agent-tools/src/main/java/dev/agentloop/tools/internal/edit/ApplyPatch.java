package dev.agentloop.tools.internal.edit;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import dev.agentloop.tools.internal.edit.Patch.FilePatch;
import dev.agentloop.tools.internal.workspace.Fence;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Applies patches in Codex's format to the files of a workspace: all of a patch, or nothing.
 *
 * <p>Where this differs from Codex:
 *
 * <ul>
 *   <li>A patch is computed whole before the first byte is written, and written as one change: a failure restores every
 *       file, and so does the next use after the death of the process. Codex changes one file after the other and
 *       keeps the earlier ones.
 *   <li>No file is replaced as a whole: adding one that exists, or moving onto one, is an error, since a model that does
 *       so has not seen what it would destroy. Codex replaces it.
 *   <li>The ending of each line, a missing final line break, a byte order mark, the encoding and the mode of a file are
 *       kept, and so is every byte of a line that stays. In a file of mixed line endings Codex gives all lines the same
 *       one.
 *   <li>Lines that stay are left as the file has them, even if they were only found by forgiving blank space.
 *   <li>Names and lines are found in either Unicode form of letters with accents: systems write names in one, models in
 *       the other.
 *   <li>Lines that only come, after a {@code @@} that names a line, go below that line, which is what it was named for.
 *       Codex puts them at the end of the file. Without such a line they go to the end in both.
 *   <li>A path that leads out of the workspace, absolute or by {@code ..}, is refused, also where Codex's sandbox would
 *       let it through; inside, absolute paths are as good as relative ones. A binary file is not updated.
 *   <li>A moved file keeps its mode; a move onto itself is no deletion; a move without changes is allowed.
 *   <li>{@code *** End of File} falls back to a search from the top, and several {@code @@} lines may follow each other.
 *   <li>An error says where the lines were nearly found.
 * </ul>
 *
 * <p>As in Codex, deleting a symbolic link deletes the link, updating it changes the file that it leads to, and a line
 * {@code *** Environment ID:} before the files is accepted; there is one environment here. Safe for use by several threads.
 */
public record ApplyPatch(FileChanges changes) {
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

    /** The tool {@code apply_patch}. */
    public ActionTool tool() {
        return ActionTool.writing(
                SPECIFICATION,
                Tool.AfterCrash.REPORT,
                changes.workspace().base(),
                (call, context) -> ToolOutput.text(apply(input(call), null)));
    }

    private static String input(ToolCall call) throws IOException {
        return call.custom()
                ? call.arguments()
                : ToolArguments.of(call, "input").text("input");
    }

    /**
     * Applies a patch.
     *
     * @param patch the patch, perhaps in a heredoc
     * @param folder where its relative paths start, null for the first root
     * @return what changed, for the model
     * @throws Refusal if nothing changed, with the reason for the model
     */
    public String apply(String patch, @Nullable String folder) throws IOException {
        try (FileChanges.Turn turn = changes.begin()) {
            if (turn.undid()) {
                throw new Refusal(turn.report()
                        + "Nothing of the present patch was applied, since it may build on what was undone: "
                        + "read these files again and send a patch for what they are now.");
            }
            try (PatchPlan plan = plan(patch, folder)) {
                turn.apply(plan.changes());
                return turn.report() + plan.summary();
            }
        }
    }

    /** What is closed to patches, as of now. */
    public Fence.Sight fence() {
        return changes.workspace().fence();
    }

    private PatchPlan plan(String text, @Nullable String folder) throws IOException {
        Workspace workspace = changes.workspace();
        PatchPlan plan = new PatchPlan(folder == null ? workspace : workspace.from(workspace.real(folder)));
        try {
            for (FilePatch file : PatchParser.parse(text).files()) {
                plan.add(file);
            }
            plan.requireNoFileBelowAnother();
            return plan;
        } catch (Refusal e) {
            plan.close();
            throw new Refusal("apply_patch verification failed: " + e.getMessage(), e);
        } catch (IOException | RuntimeException e) {
            plan.close();
            throw e;
        }
    }
}
