package dev.agentloop.cli.agent;

import dev.agentloop.Outcome;
import dev.agentloop.ToolCall;
import dev.agentloop.tools.ShellTools;
import java.nio.file.Path;
import java.util.List;

/** What a person allows for the rest of a conversation with the approval of a call. */
public final class AlwaysRule {
    private static final String COMMAND = "shell_command";

    private AlwaysRule() {}

    /**
     * The rule that the question proposes, or one of the person's own.
     *
     * @param prefix with which words commands are to begin; blank for what the question proposes
     * @throws IllegalArgumentException if there is no such rule; the message tells the person why
     */
    public static String of(Outcome.Pending question, String prefix, Path workspace) {
        if (!question.tool().equals(COMMAND)) {
            throw new IllegalArgumentException(
                    "only commands can be allowed always; calls of " + question.tool() + " are approved one by one");
        }
        if (prefix.isBlank()) {
            if (question.rule().isEmpty()) {
                throw new IllegalArgumentException(
                        "nothing can be proposed for always here: this is not one command of plain"
                                + " words besides those that only read, or its words leave open what is run");
            }
            return question.rule();
        }
        String rule = ShellTools.rule(workspace, prefix);
        ToolCall call = ToolCall.function(question.callId(), question.tool(), question.arguments());
        if (!ShellTools.in(workspace).get(0).allowedBy(List.of(rule), call)) {
            throw new IllegalArgumentException("this command would not be allowed by \"" + prefix.strip()
                    + "\": each of its parts has to begin so, or to be known to only read");
        }
        return rule;
    }
}
