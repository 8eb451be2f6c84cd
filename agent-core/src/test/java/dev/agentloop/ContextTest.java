package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.ConversationId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContextTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-22T23:30:00Z"), ZoneId.of("Europe/Berlin"));

    @TempDir
    Path folder;

    private void write(String file, String text) throws IOException {
        Files.createDirectories(folder.resolve(file).getParent());
        Files.writeString(folder.resolve(file), text);
    }

    @Test
    void sections_comeInOrder_beforeTheUsersMessage_andOnlyWhenTheyChange() throws IOException {
        write("AGENTS.md", "Use tabs.");
        Script script = new Script(Script.says("one"), Script.says("two"), Script.says("three"));
        try (AgentLoop agent = AgentLoop.builder()
                .model(script)
                .workspace(folder)
                .developerInstructions("Speak plainly.")
                .clock(CLOCK)
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b");
            write("AGENTS.md", "Use spaces.");
            conversation.run("c");
        }
        List<String> inputs = script.inputs(2);
        assertThat(inputs.get(0)).startsWith("developer:<permissions instructions>\nYou may read files, change files");
        assertThat(inputs.get(1)).isEqualTo("developer:Speak plainly.");
        assertThat(inputs.get(2))
                .isEqualTo("user:# AGENTS.md instructions for " + folder
                        + "\n\nThese replace all AGENTS.md instructions given"
                        + " earlier in this conversation.\n\n<INSTRUCTIONS>\nUse tabs.\n</INSTRUCTIONS>");
        assertThat(inputs.get(3))
                .startsWith("user:<environment_context>\n  <cwd>" + folder + "</cwd>\n  <shell>")
                .endsWith("  <current_date>2026-11-23</current_date>\n  <timezone>Europe/Berlin</timezone>\n"
                        + "</environment_context>");
        assertThat(inputs.subList(4, 8)).containsExactly("user:a", "assistant:one", "user:b", "assistant:two");
        assertThat(inputs.get(8)).contains("Use spaces.");
        assertThat(inputs.get(9)).isEqualTo("user:c");
        assertThat(script.prompts.get(2).startsWith(script.prompts.get(1))).isTrue();
    }

    @Test
    void ids_areUuidsOfVersion7_thatSortByTime() {
        String early = ConversationId.next(CLOCK);
        String late = ConversationId.next(Clock.offset(CLOCK, Duration.ofMillis(1)));
        assertThat(early)
                .isLessThan(late)
                .matches("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    }
}
