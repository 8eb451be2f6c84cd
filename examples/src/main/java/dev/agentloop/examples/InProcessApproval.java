package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Approver;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.tools.ShellTools;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.nio.file.Path;

/** Asks a person before a command runs that may do anything; the run waits, and goes on with the answer. */
public final class InProcessApproval {
    private InProcessApproval() {}

    static Outcome run(Model model, Path workspace, Approver person, String task) {
        // tag::approval[]
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .workspace(workspace)
                .tools(ShellTools.in(workspace))
                .approver(person)
                .build()) {
            return agent.newConversation().run(task);
        }
        // end::approval[]
    }

    // tag::approver[]
    /** Somebody at a keyboard; an empty line approves, anything else is the reason why not. */
    static Approver keyboard(BufferedReader in) {
        return question -> {
            System.out.println(question.tool() + " " + question.arguments() + "\n" + question.question());
            try {
                String reason = in.readLine();
                if (reason == null) {
                    return Approver.Answer.deny("nobody answered");
                }
                return reason.isEmpty() ? Approver.Answer.approve() : Approver.Answer.deny(reason);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }
    // end::approver[]

    /**
     * Asks a real model.
     *
     * @param arguments the folder to work in, and the task
     */
    public static void main(String[] arguments) {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset()));
        Model model = OpenAiModel.fromEnvironment("gpt-5.1-codex");
        Outcome outcome = run(model, Path.of(arguments[0]), keyboard(in), arguments[1]);
        System.out.println(outcome.describe() + "\n" + outcome.partialText());
    }
}
