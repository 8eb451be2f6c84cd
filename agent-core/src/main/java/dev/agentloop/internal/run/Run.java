package dev.agentloop.internal.run;

import dev.agentloop.Limits;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Toolbox;
import dev.agentloop.internal.HostFailure;
import dev.agentloop.internal.compact.CompactionStep;
import dev.agentloop.internal.control.Events;
import dev.agentloop.internal.control.Meter;
import dev.agentloop.internal.control.RunControl;
import dev.agentloop.internal.log.Log;
import dev.agentloop.internal.setup.Setup;
import dev.agentloop.internal.tool.CallRules;
import dev.agentloop.internal.tool.CallRunner;
import dev.agentloop.internal.tool.HostTools;
import dev.agentloop.internal.turn.TurnStart;
import java.util.function.Supplier;

/**
 * What the parts of one run share; all of it belongs to the thread of the loop, but for what the control says.
 *
 * @param meter counts what the run uses, by the run's own limits or the agent's
 */
record Run(
        Agent agent,
        Setup setup,
        Log log,
        RunControl control,
        Events events,
        HostTools tools,
        Meter meter,
        RunOptions options) {

    /** A run, or whatever else changes the log. */
    static Run of(Agent agent, RunControl control, Events events, Log log, RunOptions options) {
        Agent.Parts parts = agent.parts();
        PromptSettings model = ask(control, "the model's settings", parts.model()::settings);
        Toolbox toolbox = ask(control, "the source of tools", parts.tools());
        return new Run(
                agent,
                new Setup(model, toolbox, parts.instructions(), parts.answerFormat(), parts.context()),
                log,
                control,
                events,
                new HostTools(log, control, events, toolbox, parts.approvals().policy()),
                new Meter(limits(parts, options)),
                options);
    }

    /** The limits of a run with these options. */
    static Limits limits(Agent.Parts parts, RunOptions options) {
        Limits own = options.limits();
        return own == null ? parts.limits() : own;
    }

    // Without these nothing can be sent, and nothing was appended yet: what goes wrong is the host's to hear.
    private static <T> T ask(RunControl control, String what, Supplier<T> source) {
        T answer = control.ask(what, source::get, failure -> {
            throw HostFailure.of(what, failure);
        });
        if (answer == null) {
            throw new IllegalStateException(what + " must not be null; nothing was changed");
        }
        return answer;
    }

    Agent.Parts parts() {
        return agent.parts();
    }

    TurnStart turnStart() {
        return new TurnStart(log, events, setup, parts().clock());
    }

    CompactionStep compaction() {
        return new CompactionStep(
                log,
                control,
                events,
                meter,
                new CompactionStep.Means(
                        parts().model(), setup.model(), parts().compactor(), parts().compactAt(), tools));
    }

    CallRunner callRunner() {
        CallRules rules = new CallRules(parts().approvals(), meter, parts().toolFailure(), options.context());
        return new CallRunner(log, control, events, tools, rules);
    }
}
