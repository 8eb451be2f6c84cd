package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.io.BufferedReader;
import java.io.StringReader;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InProcessApprovalTest {
    @TempDir
    Path folder;

    private final ScriptedModel model = ScriptedModel.answering(
            ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch made\"}"),
            ScriptedResponse.says("So be it."));

    private Outcome run(String typed) {
        BufferedReader keyboard = new BufferedReader(new StringReader(typed));
        return InProcessApproval.run(model, folder, InProcessApproval.keyboard(keyboard), "Make a file");
    }

    @Test
    void emptyLine_approves() {
        assertThat(run("\n").text()).isEqualTo("So be it.");
        assertThat(folder.resolve("made")).exists();
    }

    @Test
    void endOfInput_refuses() {
        assertThat(run("").text()).isEqualTo("So be it.");
        assertThat(folder.resolve("made")).doesNotExist();
        assertThat(model.lastPrompt().items())
                .last()
                .satisfies(item ->
                        assertThat(((Item.Output) item).text()).isEqualTo("refused by the user: nobody answered"));
    }

    @Test
    void reason_isToldToTheModel() {
        assertThat(run("no new files\n").text()).isEqualTo("So be it.");
        assertThat(folder.resolve("made")).doesNotExist();
        assertThat(model.lastPrompt().items())
                .last()
                .satisfies(
                        item -> assertThat(((Item.Output) item).text()).isEqualTo("refused by the user: no new files"));
    }
}
