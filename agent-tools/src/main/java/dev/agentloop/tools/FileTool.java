package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import java.io.IOException;

/**
 * A tool with fixed properties and one thing that it does; what it refuses is its answer to the model.
 *
 * @param reach how far every call reaches
 * @param crash what is done with a call that was cut off by a crash
 * @param keptInCompaction whether the newest call stays in a shortened prompt
 */
record FileTool(Specification specification, Access reach, AfterCrash crash, boolean keptInCompaction, Action action)
        implements Tool {

    /** What a tool does. */
    interface Action {
        /**
         * Does it.
         *
         * @throws Refusal if it is not done, with the answer to the model
         */
        ToolOutput run(ToolCall call, ToolContext context) throws IOException;
    }

    /** A tool that only reads. */
    static FileTool reading(Specification specification, Action action) {
        return new FileTool(specification, Access.READS, AfterCrash.RUN_AGAIN, false, action);
    }

    /** The same tool, whose newest call stays in a shortened prompt. */
    FileTool kept() {
        return new FileTool(specification, reach, crash, true, action);
    }

    /** A tool that changes files. */
    static FileTool writing(Specification specification, AfterCrash crash, Action action) {
        return new FileTool(specification, Access.WRITES, crash, false, action);
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
    public AfterCrash afterCrash(ToolCall call) {
        return crash;
    }
}
