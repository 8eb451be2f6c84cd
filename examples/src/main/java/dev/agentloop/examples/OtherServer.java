package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Model;
import dev.agentloop.Outcome;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.tools.FileTools;
import java.nio.file.Path;

/**
 * Another server than OpenAI's, by its base URL: Ollama, vLLM, LM Studio, llama.cpp and others speak Open Responses. Such
 * servers mostly need no key, and say nothing of their models, so the context window is the host's to name.
 */
public final class OtherServer {
    private OtherServer() {}

    static Outcome run(String baseUrl, Path workspace, String task) {
        // tag::server[]
        Model model = OpenAiModel.builder("qwen3-coder")
                .baseUrl(baseUrl)
                .settings(settings -> settings.contextWindow(32_768))
                .build();
        // end::server[]
        try (AgentLoop agent =
                AgentLoop.builder().model(model).tools(FileTools.in(workspace)).build()) {
            return agent.newConversation().run(task);
        }
    }

    /**
     * Runs a task on a server.
     *
     * @param arguments the base URL, such as {@code http://localhost:11434/v1}, the folder to work in, and the task
     */
    public static void main(String[] arguments) {
        Outcome outcome = run(arguments[0], Path.of(arguments[1]), arguments[2]);
        System.out.println(outcome.describe() + "\n" + outcome.partialText());
    }
}
