package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.ConversationId;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.MemoryStore;
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

    private AgentLoop agent(Script script, ConversationStore store, boolean all) {
        AgentLoop.Builder builder =
                AgentLoop.builder().model(script).store(store).clock(CLOCK);
        if (all) {
            builder.workspace(folder).developerInstructions("Speak plainly.").instructions("Be careful.");
        }
        return builder.build();
    }

    // With all sections, then twice without, again with all, and without AGENTS.md.
    private Script toldAndNotTold() throws IOException {
        write("AGENTS.md", "Use tabs.");
        ConversationStore store = new MemoryStore();
        Script script = new Script(
                Script.says("one"), Script.says("two"), Script.says("three"), Script.says("four"), Script.says("five"));
        String id;
        try (AgentLoop agent = agent(script, store, true)) {
            Conversation conversation = agent.newConversation();
            id = conversation.id();
            conversation.run("a");
        }
        try (AgentLoop agent = agent(script, store, false)) {
            agent.resume(id).run("b");
            agent.resume(id).run("c");
        }
        try (AgentLoop agent = agent(script, store, true)) {
            agent.resume(id).run("d");
            Files.delete(folder.resolve("AGENTS.md"));
            agent.resume(id).run("e");
        }
        return script;
    }

    @Test
    void sectionsThatAreGone_areSaidToHoldNoMore_onceAndInMessages() throws IOException {
        Script script = toldAndNotTold();
        List<String> first = script.inputs(0);
        List<String> gone =
                script.inputs(1).subList(first.size() + 1, script.inputs(1).size() - 1);
        String holds =
                " that you were given earlier in this conversation do not hold any more. None have come in their place.";
        assertThat(gone)
                .containsExactly(
                        "developer:The instructions that were given before do not hold any more. None have come in their"
                                + " place.",
                        "developer:<permissions instructions>\nThe permissions" + holds
                                + "\n</permissions instructions>",
                        "developer:The developer instructions" + holds,
                        "user:# AGENTS.md instructions\n\nAll AGENTS.md instructions" + holds,
                        "user:<environment_context>\n  The facts" + holds + "\n</environment_context>");
        assertThat(added(script, 2)).isEmpty();
        assertThat(added(script, 3).subList(1, 5)).isEqualTo(first.subList(0, 4));
        assertThat(added(script, 3).get(0)).endsWith("Be careful.");
        assertThat(added(script, 4))
                .containsExactly("user:# AGENTS.md instructions\n\nAll AGENTS.md instructions" + holds);
        for (int i = 1; i < 5; i++) {
            assertThat(script.prompts.get(i).startsWith(script.prompts.get(i - 1)))
                    .isTrue();
        }
    }

    /** What a request has that the one before had not, less the answer and the user's message. */
    private static List<String> added(Script script, int index) {
        List<String> all = script.inputs(index);
        return all.subList(script.inputs(index - 1).size() + 1, all.size() - 1);
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
