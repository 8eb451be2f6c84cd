package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits.Prices;
import dev.agentloop.Prompt;
import dev.agentloop.testkit.CacheSimulator.Profile;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** What docs/testing.md shows. */
class TestingPageTest {

    // tag::cache[]
    @Test
    void run_costsWhatItMust() {
        CacheSimulator cache =
                CacheSimulator.of(Profile.SINCE_GPT_5_6, Prices.of(2.00, 0.20, 2.50, 10.00), Duration.ofSeconds(5));
        ScriptedModel model = ScriptedModel.builder()
                .cache(cache)
                .answer(ScriptedResponse.calls("call_1", "sample", SampleToolTest.GOOD))
                .answer(ScriptedResponse.says("It is done."))
                .build();
        try (AgentLoop agent = agent(model)) {
            agent.newConversation().run("Do it.");
        }
        assertThat(cache.losses()).isEmpty();
        assertThat(cache.totals().aboveBest()).as("%s", cache).isLessThan(0.05);
    }
    // end::cache[]

    private static AgentLoop agent(ScriptedModel model) {
        return AgentLoop.builder()
                .model(model)
                .instructions("You are careful. ".repeat(300))
                .tools(new SampleTool())
                .build();
    }

    // tag::linter[]
    public static final class MyPrompt implements Supplier<Prompt> {
        @Override
        public Prompt get() {
            try (AgentLoop agent = agent(ScriptedModel.answering())) {
                Conversation conversation = agent.newConversation();
                conversation.append(List.of(Item.user("What is here?")));
                return conversation.prompt();
            }
        }
    }

    @Test
    void prompt_isTheSameEverywhere() throws InterruptedException {
        PrefixLinter.check(MyPrompt.class);
    }
    // end::linter[]
}
