package dev.agentloop.tools;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Usage;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a compaction of the prompt leaves of the plan. */
class PlanCompactionTest {
    private static final Item OLD = Item.functionCall("call_1", "update_plan", "{\"plan\":[]}");
    private static final Item NEWEST = Item.functionCall(
            "call_2", "update_plan", "{ \"plan\": [{\"step\":\"Säen\",\"status\":\"in_progress\"}] }");

    /** Answers in order. */
    private static final class Answers implements Model {
        private final Deque<Item> left;

        Answers(Item... items) {
            this.left = new ArrayDeque<>(List.of(items));
        }

        @Override
        public PromptSettings settings() {
            return PromptSettings.of("answers").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            return ModelResponse.of(List.of(left.remove()), Usage.NONE);
        }
    }

    private static Item says(String text) {
        return Item.received(
                        ("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\""
                                        + text + "\"}]}")
                                .getBytes(UTF_8))
                .orElseThrow();
    }

    @Test
    void plan_promptCompacted_keepsTheNewestWordForWord() throws Exception {
        Model model = new Answers(OLD, NEWEST, says("planned"), says("sown"));
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .tools(PlanTools.plan())
                .compactor(Compactor.summary(new Answers(says("It is all planned."))))
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("Plan the garden. " + "It has many beds. ".repeat(6_000));
            conversation.run("Go on.");
            List<Item> before = conversation.prompt().items();
            Item answered = before.get(before.indexOf(NEWEST) + 1);

            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();

            assertThat(conversation.prompt().items())
                    .containsSubsequence(NEWEST, answered)
                    .doesNotContain(OLD)
                    .hasSizeLessThan(before.size());
        }
    }
}
