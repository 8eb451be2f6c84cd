package dev.agentloop.cli.agent;

import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Compactor;
import dev.agentloop.Limits;
import dev.agentloop.Model;
import dev.agentloop.Tool;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.tools.FileTools;
import dev.agentloop.tools.OutputTools;
import dev.agentloop.tools.PlanTools;
import dev.agentloop.tools.ShellTools;
import java.util.ArrayList;
import java.util.List;

/** What the coding agent is made of; everything else is the library. */
public final class CodingAgent {
    private static final String INSTRUCTIONS = """
            You are a careful coding agent. You work in the user's project with the tools that you have.
            Read before you change. Make the smallest change that does what the user asked for, in the style of the \
            code around it, with apply_patch. Check your change: read it again, or run what tests it. \
            Do not commit, and do not touch what has nothing to do with the task.
            When a tool fails, read what it says and try something else. When a call is refused, respect it.
            Your last message is all that the user sees: say in a few sentences what you did and what is left to do.""";

    private CodingAgent() {}

    /** The agent that these options describe, without an approver. */
    public static AgentLoop.Builder builder(Options options, Model model, ConversationStore store) {
        return AgentLoop.builder()
                .model(model)
                .instructions(INSTRUCTIONS)
                .workspace(options.folder())
                .tools(tools(options, store))
                .approval(ApprovalPolicy.of(options.approval(), options.sandbox()))
                .limits(Limits.NONE.withSteps(options.maxSteps()))
                .compactor(compactor(options, model))
                .store(store);
    }

    // What other servers make of a trigger is not known, so they are not asked.
    static Compactor compactor(Options options, Model model) {
        Compactor summary = Compactor.summary(model);
        return Compactor.firstOf(
                Compactor.withoutOldOutputs(),
                options.openAi() ? Compactor.cheapestOf(Compactor.trigger(model), summary) : summary);
    }

    private static List<Tool> tools(Options options, ConversationStore store) {
        ShellTools.Builder shell = ShellTools.builder(options.folder())
                .fenced(store.locations())
                .hideValues(options.store().secrets().toArray(String[]::new));
        FileTools.Builder files = FileTools.builder(options.folder()).fenced(store.locations());
        if (options.state() != null) {
            shell.state(options.state());
            files.state(options.state());
        }
        List<Tool> tools = new ArrayList<>(List.of(PlanTools.plan(), OutputTools.paging()));
        try {
            tools.addAll(shell.tools());
            tools.addAll(files.tools());
        } catch (IllegalArgumentException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
        return tools;
    }
}
