package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.ToolCall;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.tools.FileTools;
import java.nio.file.Path;
import java.util.List;

/**
 * A loop of your own. What you append is durable before {@code append} returns, and the prompt is the fold of the log, so
 * another process can continue the conversation. {@code call} asks the approval policy and notes a call's start in the log,
 * so a crash in a tool is settled by {@code Tool.afterCrash} and never repeats an effect silently.
 *
 * <p>What it leaves out is what makes the library's loop longer: retries, limits, time limits of tools, parallel calls,
 * tools that start while the response still comes in, steering, compaction, events, and runs that end to wait for an approval.
 */
public final class OwnLoop {
    private final Model model;

    OwnLoop(Model model) {
        this.model = model;
    }

    // tag::loop[]
    String run(Conversation conversation, String task) throws InterruptedException {
        conversation.append(List.of(Item.user(task)));
        while (true) {
            ModelResponse response = model.respond(conversation.prompt(), Model.Listener.NONE);
            List<ToolCall> calls = conversation.append(response);
            if (calls.isEmpty()) {
                return response.text();
            }
            for (ToolCall call : calls) {
                conversation.append(List.of(conversation.call(call).item(call)));
            }
        }
    }
    // end::loop[]

    /**
     * Runs the loop on a task.
     *
     * @param arguments the folder to work in, and the task
     */
    public static void main(String[] arguments) throws InterruptedException {
        Path workspace = Path.of(arguments[0]);
        Model model = OpenAiModel.fromEnvironment("gpt-5.1-codex");
        try (AgentLoop agent =
                AgentLoop.builder().model(model).tools(FileTools.in(workspace)).build()) {
            System.out.println(new OwnLoop(model).run(agent.newConversation(), arguments[1]));
        }
    }
}
