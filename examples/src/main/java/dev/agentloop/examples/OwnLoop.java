package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.tools.FileTools;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A loop of the host's own, over the two methods that the library's loop is made of: what is appended is durable before it
 * returns, and the prompt is the fold of the log. So this one survives a crash as well as that one does, and another
 * process can go on with its conversation. What it leaves out is what makes the library's loop longer: retries, limits,
 * approval, parallel calls, starting tools while the response still comes in.
 */
public final class OwnLoop {
    private final Model model;
    private final Toolbox tools;

    OwnLoop(Model model, Toolbox tools) {
        this.model = model;
        this.tools = tools;
    }

    // tag::loop[]
    String run(Conversation conversation, String task) throws InterruptedException {
        conversation.append(List.of(Item.user(task)));
        while (true) {
            ModelResponse response = model.respond(conversation.prompt(), Model.Listener.NONE);
            conversation.append(response);
            if (response.toolCalls().isEmpty()) {
                return response.text();
            }
            List<Item> outputs = new ArrayList<>();
            for (ToolCall call : response.toolCalls()) {
                outputs.add(answer(conversation, call).item(call));
            }
            conversation.append(outputs);
        }
    }

    private ToolOutput answer(Conversation conversation, ToolCall call) throws InterruptedException {
        try {
            return tools.find(call.name()).orElseThrow().call(call, conversation.toolContext(call.callId()));
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            return ToolOutput.error(call.name() + " failed: " + e.getMessage());
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
            OwnLoop loop = new OwnLoop(model, Toolbox.of(FileTools.in(workspace)));
            System.out.println(loop.run(agent.newConversation(), arguments[1]));
        }
    }
}
