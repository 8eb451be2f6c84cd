package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.tools.FileTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnLoopTest {
    @TempDir
    Path folder;

    @Test
    void ownLoop_answersCallsAndCanBeResumedByTheLibrarys() throws IOException, InterruptedException {
        Files.writeString(folder.resolve("notes.txt"), "buy bread");
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.calls("call_1", "read_file", "{\"file_path\":\"notes.txt\"}")
                        .andCalls("call_2", "nonsense", "{}"),
                ScriptedResponse.says("Bread."),
                ScriptedResponse.says("And that was all."));
        try (ConversationStore store = new MemoryStore();
                AgentLoop agent = AgentLoop.builder()
                        .model(model)
                        .tools(FileTools.in(folder))
                        .store(store)
                        .build()) {
            Conversation conversation = agent.newConversation();
            OwnLoop loop = new OwnLoop(model);
            assertThat(loop.run(conversation, "What to buy?")).isEqualTo("Bread.");
            assertThat(model.lastPrompt().items().get(3).json()).contains("buy bread");
            assertThat(model.lastPrompt().items().get(4).json()).contains("unsupported call: nonsense");

            assertThat(agent.resume(conversation.id()).run("Is that all?").text())
                    .isEqualTo("And that was all.");
            assertThat(model.lastPrompt().startsWith(model.prompts().get(1))).isTrue();
        }
    }
}
