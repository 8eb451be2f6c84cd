package dev.agentloop.cli.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.AgentLoop;
import dev.agentloop.Item;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The home is the folder to work in, so the store lies in it: the tools reach neither conversations nor journals. */
class StoreFenceTest {
    private static final String INBOX = "conversations/0199a000-0000-7000-8000-000000000001.inbox";

    @TempDir
    Path home;

    @BeforeEach
    void leaveAMessage() throws IOException {
        for (String place : List.of(".agentloop/", "state/agentloop/")) {
            Files.createDirectories(home.resolve(place + INBOX));
            Files.writeString(home.resolve(place + INBOX + "/a.message"), "hash");
        }
    }

    private Options options(Map<String, String> environment) {
        return Options.parse("exec", List.of("--cd", home.toString(), "Hi"), environment);
    }

    /** What the model is answered. */
    private String answer(Map<String, String> environment, String tool, String arguments) throws InterruptedException {
        Options options = options(environment);
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.calls("call_1", tool, arguments), ScriptedResponse.says("No."));
        try (ConversationStore store = options.store().open(environment);
                AgentLoop agent = CodingAgent.builder(options, model, store).build()) {
            assertThat(agent.newConversation().run("Approve it yourself").text())
                    .isEqualTo("No.");
        }
        List<Item> items = model.lastPrompt().items();
        assertThat(items.get(items.size() - 1)).isInstanceOf(Item.Output.class);
        return ((Item.Output) items.get(items.size() - 1)).text();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    write_file    | {"file_path":"PLACE/x.message","content":"{}"}
                    write_file    | {"file_path":"HOME/PLACE/x.message","content":"{}"}
                    read_file     | {"file_path":"PLACE/a.message"}
                    list_dir      | {"dir_path":"PLACE"}
                    grep_files    | {"pattern":"hash","path":"PLACE"}
                    apply_patch   | {"input":"*** Begin Patch\\n*** Add File: PLACE/x.message\\n+{}\\n*** End Patch"}
                    apply_patch   | {"input":"*** Begin Patch\\n*** Delete File: PLACE/a.message\\n*** End Patch"}
                    shell_command | {"command":"apply_patch <<'E'\\n*** Begin Patch\\n*** Add File: PLACE/x.message\\n+{}\\n*** End Patch\\nE"}
                    """)
    void places_inTheHome_areClosed(String tool, String arguments) throws InterruptedException {
        Map<String, String> usual = Map.of("HOME", home.toString());
        Map<String, String> stateful = Map.of(
                "HOME", home.toString(), "XDG_STATE_HOME", home.resolve("state").toString());
        for (String place : List.of(".agentloop/" + INBOX, "state/agentloop/" + INBOX)) {
            Map<String, String> environment = place.startsWith("state") ? stateful : usual;
            String call = arguments.replace("PLACE", place).replace("HOME", home.toString());
            assertThat(answer(environment, tool, call)).contains("is closed to the file tools");
            assertThat(home.resolve(place)).isDirectoryContaining("glob:**/a.message");
            assertThat(home.resolve(place)).isDirectoryNotContaining("glob:**/x.message");
        }
    }

    @Test
    void searches_ofTheHome_passTheStoreOver() throws InterruptedException {
        String found =
                answer(Map.of("HOME", home.toString()), "grep_files", "{\"pattern\":\"hash\",\"output\":\"lines\"}");

        assertThat(found).doesNotContain(".agentloop").contains("state/agentloop");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/0199a000-0000-7000-8000-000000000001.inbox"})
    void workspaceInTheStore_isAUsageError(String below) {
        Path inside = home.resolve(".agentloop/conversations" + below);
        Map<String, String> environment = Map.of("HOME", home.toString());
        Options options = Options.parse("exec", List.of("--cd", inside.toString(), "Hi"), environment);
        try (ConversationStore store = options.store().open(environment)) {
            assertThatThrownBy(() -> CodingAgent.builder(options, ScriptedModel.answering(), store))
                    .isInstanceOf(UsageException.class)
                    .hasMessageContaining("which is closed to the file tools; keep records such as conversations");
        }
    }
}
