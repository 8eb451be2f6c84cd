package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Limits.Prices;
import dev.agentloop.Outcome;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.testkit.CacheSimulator;
import dev.agentloop.testkit.CacheSimulator.Profile;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Whole runs over HTTP, against a server that has a prompt cache. */
class PromptCacheTest {
    private static final int CALLS = 60;
    private static final Prices PRICES = Prices.of(2.00, 0.20, 2.50, 10.00);

    /** A tool with an output of some size. */
    private static final class Look implements Tool {
        @Override
        public Specification specification() {
            return new Specification("look", "Looks.", "{\"type\":\"object\",\"properties\":{}}", false, null);
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            return ToolOutput.text(call.callId() + " found this. ".repeat(50));
        }
    }

    @Test
    void run_readsAllThatItSentBefore_andReportsIt() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, Duration.ofSeconds(5));
        try (ScriptedServer server = ScriptedServer.builder()
                        .cache(cache)
                        .otherwise(request -> request.callCount() < CALLS
                                ? ScriptedResponse.reasons("one more")
                                        .andCalls("call_" + request.callCount(), "look", "{}")
                                : ScriptedResponse.says("That was all."))
                        .start();
                AgentLoop agent = AgentLoop.builder()
                        .model(OpenAiModel.builder("gpt-6-sol")
                                .baseUrl(server.url().toString())
                                .build())
                        .instructions("You look around. ".repeat(300))
                        .tools(new Look())
                        .build()) {
            Outcome outcome = agent.newConversation().run("Look.");

            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            assertThat(server.problems()).isEmpty();
            assertThat(cache.charges()).hasSize(CALLS + 1);
            assertThat(cache.losses()).isEmpty();
            assertThat(cache.totals().aboveBest()).as("%s", cache).isBetween(-0.05, 0.05);
            assertThat(outcome.usage().input()).isEqualTo(cache.totals().usage().input());
            assertThat(outcome.usage().cached())
                    .isEqualTo(cache.totals().usage().cached());
            assertThat(outcome.usage().cacheWritten())
                    .isEqualTo(cache.totals().usage().cacheWritten());
        }
    }
}
