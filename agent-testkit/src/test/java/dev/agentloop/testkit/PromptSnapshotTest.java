package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.Item;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolOutput;
import dev.agentloop.Toolbox;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PromptSnapshotTest {
    @TempDir
    Path folder;

    private static Item received(String json) {
        return Item.received(json.getBytes(StandardCharsets.UTF_8)).orElseThrow();
    }

    private static Prompt prompt() {
        return Prompt.of(
                        PromptSettings.of("gpt-5")
                                .instructions("You are careful.\nYou say so.")
                                .effort("high")
                                .build(),
                        Toolbox.of(List.of(new SampleTool())))
                .plus(List.of(
                        Item.user("What is here?"),
                        received("{\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\"look\"}],"
                                + "\"encrypted_content\":\"x\"}"),
                        Item.functionCall("call_1", "sample", "{\"text\":\"hello\"}"),
                        ToolOutput.text("line 1\nline 2\n" + "x".repeat(1_000))
                                .item(ToolCall.function("call_1", "sample", "{}")),
                        Item.user("And this?", List.of("data:image/png;base64,AAAA")),
                        received("{\"type\":\"web_search_call\",\"id\":\"ws_1\",\"status\":\"completed\"}")));
    }

    @Test
    void snapshot_canBeReadByAPerson() {
        assertThat(PromptSnapshot.of(prompt()).toString())
                .isEqualTo("""
                        model: gpt-5
                        instructions:
                            You are careful.
                            You say so.
                        tools: sample
                        parallel_tool_calls: true
                        reasoning: {"effort":"high"}
                        include: ["reasoning.encrypted_content"]
                        store: false
                        stream: true

                        [0] user: What is here?

                        [1] reasoning (encrypted): look

                        [2] function_call sample (call_1): {"text":"hello"}

                        [3] function_call_output (call_1):
                            line 1
                            line 2
                            %1
                            … 414 characters …
                            %2

                        [4] user: And this? + input_image

                        [5] web_search_call: {"type":"web_search_call","id":"ws_1","status":"completed"}
                        """.replace("%1", "x".repeat(286)).replace("%2", "x".repeat(300)));
    }

    @Test
    void assertMatches_comparesWithTheApprovedFile() throws IOException {
        Path approved = folder.resolve("prompt.txt");
        PromptSnapshot snapshot = PromptSnapshot.of(prompt()).with(text -> text.replace("gpt-5", "MODEL"));
        assertThatThrownBy(() -> snapshot.assertMatches(approved))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("there is no approved snapshot")
                .hasMessageContaining("-Dagentloop.snapshots.update=true")
                .hasMessageContaining("model: MODEL");
        System.setProperty(PromptSnapshot.UPDATE_PROPERTY, "true");
        try {
            snapshot.assertMatches(approved);
        } finally {
            System.clearProperty(PromptSnapshot.UPDATE_PROPERTY);
        }
        snapshot.assertMatches(approved);
        Files.writeString(approved, Files.readString(approved).replace("What is here?", "What is there?"));
        assertThatThrownBy(() -> snapshot.assertMatches(approved))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("line 12 was \"[0] user: What is there?\" and is \"[0] user: What is here?\"");
    }
}
