package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import java.util.List;

/** The tool {@code update_plan}: the model writes down its steps, for itself and for whoever watches. */
public final class PlanTools {
    private static final String IN_PROGRESS = "in_progress";

    private static final Tool.Specification SPECIFICATION = Tool.Specification.function(
            "update_plan",
            "Writes down the plan: the steps and how far each has come. At most one step is in_progress at a time.",
            """
            {"type":"object","properties":{\
            "explanation":{"type":"string","description":"Why the plan changed."},\
            "plan":{"type":"array","description":"All steps, in order.","items":{"type":"object","properties":{\
            "step":{"type":"string","description":"What is to be done."},\
            "status":{"type":"string","enum":["pending","in_progress","completed"]}\
            },"required":["step","status"],"additionalProperties":false}}\
            },"required":["plan"],"additionalProperties":false}""");

    private PlanTools() {}

    /**
     * The tool. It keeps nothing: the plan is the argument of its latest call, which the log has, the listener sees, and a
     * compaction of the prompt leaves in place. Immutable and safe for use by several threads.
     */
    public static Tool plan() {
        ActionTool tool = ActionTool.reading(SPECIFICATION, (call, context) -> {
            ToolArguments arguments = ToolArguments.of(call, "explanation", "plan");
            arguments.optionalText("explanation");
            check(arguments.objects("plan", "step", "status"));
            return ToolOutput.text("Plan updated");
        });
        return tool.kept();
    }

    private static void check(List<ToolArguments> steps) throws Refusal {
        int inProgress = 0;
        for (ToolArguments step : steps) {
            if (step.text("step").isBlank()) {
                throw ToolArguments.failed("a `step` is empty");
            }
            step.text("status");
            if (step.word("status", "", "pending", IN_PROGRESS, "completed").equals(IN_PROGRESS)) {
                inProgress++;
            }
        }
        if (inProgress > 1) {
            throw ToolArguments.failed(
                    "at most one step can be `in_progress`, got " + inProgress + "; make the others `pending`");
        }
    }
}
