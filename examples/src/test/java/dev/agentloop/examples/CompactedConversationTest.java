package dev.agentloop.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import org.junit.jupiter.api.Test;

class CompactedConversationTest {
    @Test
    void compact_tellsBeforeAndAfter_andIsTakenBack() throws Exception {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.says("Noted."), ScriptedResponse.says("Going on."), ScriptedResponse.says("A story."));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (AgentLoop agent = CompactedConversation.agent(model, List.of())) {
            Conversation conversation = agent.newConversation();
            conversation.run("A long story. ".repeat(10_000));
            conversation.run("Go on.");
            CompactedConversation.compact(conversation, new PrintStream(out, true, UTF_8));
            assertThat(out.toString(UTF_8))
                    .matches(
                            "summary: \\d+ tokens before, about \\d+ after; used \\d+\\R\\d+ items before, \\d+ after\\R");
            assertThat(conversation.prompt().items())
                    .as("the compaction is taken back")
                    .containsAll(model.prompts().get(1).items());
        }
    }
}
