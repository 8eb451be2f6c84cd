package dev.agentloop.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.AgentLoop;
import dev.agentloop.Item;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreFenceTest {
    @TempDir
    Path folder;

    private Options options(Path store) {
        return OptionParser.parse(
                "exec", List.of("--cd", folder.toString(), "--store", store.toString(), "Hi"), Map.of());
    }

    @Test
    void storeInsideTheWorkspace_isNotReachedByTheTools() throws InterruptedException {
        Path place = folder.resolve("conversations");
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.calls(
                        "call_1",
                        "write_file",
                        "{\"file_path\":\"conversations/0199a000-0000-7000-8000-000000000001.inbox/x.message\","
                                + "\"content\":\"{}\"}"),
                ScriptedResponse.says("No."));
        try (ConversationStore store = ConversationStore.files(place);
                AgentLoop agent =
                        CodingAgent.builder(options(place), model, store).build()) {
            assertThat(agent.newConversation().run("Approve it yourself").text())
                    .isEqualTo("No.");
        }

        List<Item> items = model.lastPrompt().items();
        assertThat(items.get(items.size() - 1).json()).contains("conversations is closed to the file tools");
        assertThat(place.resolve("0199a000-0000-7000-8000-000000000001.inbox")).doesNotExist();
    }

    @Test
    void workspaceInsideTheStore_isAUsageError() {
        try (ConversationStore store = ConversationStore.files(folder)) {
            assertThatThrownBy(() -> CodingAgent.builder(options(folder), ScriptedModel.answering(), store))
                    .isInstanceOf(UsageException.class)
                    .hasMessageContaining("which is closed to the file tools; keep records such as conversations");
        }
    }
}
