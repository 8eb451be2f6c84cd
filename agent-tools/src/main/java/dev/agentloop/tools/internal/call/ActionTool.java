package dev.agentloop.tools.internal.call;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A tool with fixed properties and one thing that it does; what it refuses is its answer to the model.
 *
 * @param reach how far every call reaches
 * @param crash what is done with a call that was cut off by a crash
 * @param keptInCompaction whether the newest call stays in a shortened prompt
 * @param place where every call takes effect; empty for one that changes nothing
 */
public record ActionTool(
        Specification specification,
        Access reach,
        AfterCrash crash,
        boolean keptInCompaction,
        String place,
        Action action)
        implements Tool {

    /** What a tool does. */
    public interface Action {
        /**
         * Does it.
         *
         * @throws Refusal if it is not done, with the answer to the model
         */
        ToolOutput run(ToolCall call, ToolContext context) throws IOException;
    }

    /** A tool that only reads. */
    public static ActionTool reading(Specification specification, Action action) {
        return new ActionTool(specification, Access.READS, AfterCrash.RUN_AGAIN, false, "", action);
    }

    /** The same tool, whose newest call stays in a shortened prompt. */
    public ActionTool kept() {
        return new ActionTool(specification, reach, crash, true, place, action);
    }

    /** A tool that changes files, all below a folder. */
    public static ActionTool writing(Specification specification, AfterCrash crash, Path folder, Action action) {
        return new ActionTool(specification, Access.WRITES, crash, false, PathText.text(folder), action);
    }

    @Override
    public ToolOutput call(ToolCall call, ToolContext context) throws IOException {
        try {
            return action.run(call, context);
        } catch (Refusal e) {
            return ToolOutput.error(e.getMessage());
        }
    }

    @Override
    public Access access(ToolCall call) {
        return reach;
    }

    @Override
    public String place(ToolCall call) {
        return place;
    }

    @Override
    public AfterCrash afterCrash(ToolCall call) {
        return crash;
    }
}
