package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Outcome;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.tools.FileTools;
import dev.agentloop.tools.ShellTools;
import java.nio.file.Path;

/** The first example of the README: an agent in a dozen lines. */
public final class FirstExample {
    private FirstExample() {}

    /**
     * Has the agent add a diagram to a project.
     *
     * @param arguments the project's folder; the current one if there is none
     */
    public static void main(String[] arguments) {
        Path workspace = Path.of(arguments.length == 0 ? "." : arguments[0]);
        // tag::first[]
        AgentLoop agent = AgentLoop.builder()
                .model(OpenAiModel.fromEnvironment("gpt-5.1-codex"))
                .instructions("You are a careful coding agent.")
                .tools(ShellTools.in(workspace), FileTools.in(workspace))
                .build();
        Outcome outcome = agent.newConversation().run("Add an architecture diagram to README.md");
        System.out.println(outcome.text());
        // end::first[]
    }
}
