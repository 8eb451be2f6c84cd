package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Limits.Prices;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.testkit.CacheSimulator;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.tools.PlanTools;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A run of 2,000 turns through a window of 32k tokens. The model knows nothing but its prompt: what it has done stands in
 * calls that are still there and in the handover that it wrote itself, and what neither tells, it would do again.
 */
class CompactedRunTest {
    private static final int TURNS = 2_000;
    private static final int TURNS_A_RUN = 200;
    private static final int BETWEEN_PLANS = 25;
    private static final int WINDOW = 32_000;
    private static final int BYTES_PER_TOKEN = 4;
    private static final int FACTS = 20;
    private static final Pattern DONE = Pattern.compile("The calls up to (\\d+) are done\\.");
    private static final Pattern TASK = Pattern.compile("Do the calls up to (\\d+)\\.");

    /** Gives back some 2 KiB, and each seventh time 12 KiB; counts how often it did what. */
    private static final class Work implements Tool {
        private final Map<String, Integer> done = new ConcurrentHashMap<>();

        @Override
        public Specification specification() {
            return Specification.function(
                    "work",
                    "Does a piece of work.",
                    "{\"type\":\"object\",\"properties\":{\"number\":{\"type\":\"integer\"}}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            String number = call.argument("number").orElseThrow();
            done.merge(number, 1, Integer::sum);
            return ToolOutput.text("Piece " + number + " is done. "
                    + "It is like the others. ".repeat(Integer.parseInt(number) % 7 == 0 ? 520 : 80));
        }
    }

    private static Item fact(int number) {
        return Item.developer("Fact " + number + ": the key of door " + number + " is " + (number * 7_919) + ".");
    }

    private static String plan(int number) {
        return "{\"plan\":[{\"step\":\"the pieces up to " + number
                + "\",\"status\":\"completed\"},{\"step\":\"the pieces from " + (number + 1)
                + " on\",\"status\":\"in_progress\"}]}";
    }

    /** What the model does: reads its prompt, and nothing else. */
    private static ScriptedResponse next(Prompt prompt) {
        Set<Integer> done = new HashSet<>();
        int task = 0;
        boolean handover = false;
        for (Item item : prompt.items()) {
            handover = false;
            if (item instanceof Item.Call call) {
                done.add(Integer.parseInt(call.callId().substring("call_".length())));
            } else if (item instanceof Item.Message message && message.role().equals("user")) {
                IntStream.rangeClosed(1, number(DONE, message.text())).forEach(done::add);
                task = Math.max(task, number(TASK, message.text()));
                handover = message.text().contains("Write a handover");
            }
        }
        int next = 1;
        while (done.contains(next)) {
            next++;
        }
        if (handover) {
            return ScriptedResponse.says(
                    "The calls up to " + (next - 1) + " are done. The work goes on with the next one.");
        }
        return next > task
                ? ScriptedResponse.says("The calls are done.")
                : next % BETWEEN_PLANS == 0
                        ? ScriptedResponse.calls("call_" + next, "update_plan", plan(next))
                        : ScriptedResponse.reasons("Now " + next)
                                .andCalls("call_" + next, "work", "{\"number\":" + next + "}");
    }

    private static int number(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    private static void run(Conversation conversation, Map<String, Integer> compactions) {
        for (int number = 1; number <= FACTS; number++) {
            conversation.pin("door-" + number, fact(number));
        }
        for (int last = TURNS_A_RUN; last <= TURNS; last += TURNS_A_RUN) {
            Outcome outcome = conversation.run("Do the calls up to " + last + ".", RunOptions.listeningWith(event -> {
                if (event instanceof AgentEvent.Compacted compacted) {
                    compactions.merge(compacted.by(), 1, Integer::sum);
                }
            }));
            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
        }
    }

    /** In each request stand all facts, and the plan as the model wrote it last, with its output. */
    private static void checkRequests(List<Prompt> prompts) {
        Set<Item> facts =
                IntStream.rangeClosed(1, FACTS).mapToObj(CompactedRunTest::fact).collect(Collectors.toSet());
        int newest = 0;
        for (Prompt prompt : prompts) {
            assertThat(prompt.length() / BYTES_PER_TOKEN).isLessThanOrEqualTo(WINDOW);
            assertThat(Set.copyOf(prompt.items())).containsAll(facts);
            Map<Integer, String> plans = new TreeMap<>();
            for (Item item : prompt.items()) {
                if (item instanceof Item.Call call && call.name().equals("update_plan")) {
                    plans.put(Integer.parseInt(call.callId().substring("call_".length())), call.arguments());
                }
            }
            newest = Math.max(
                    newest, plans.keySet().stream().mapToInt(n -> n).max().orElse(0));
            if (newest > 0) {
                assertThat(plans).containsEntry(newest, plan(newest));
            }
        }
        assertThat(newest).isEqualTo(TURNS);
    }

    @Test
    void run_of2000TurnsIn32kTokens_keepsFactsAndPlanAndRepeatsNothing() {
        CacheSimulator cache = CacheSimulator.of(
                CacheSimulator.Profile.SINCE_GPT_5_6, Prices.of(2.00, 0.20, 2.50, 10.00), Duration.ofSeconds(5));
        ScriptedModel model = ScriptedModel.builder()
                .settings(PromptSettings.of("scripted")
                        .reasoning(true)
                        .contextWindow(WINDOW)
                        .build())
                .cache(cache)
                .otherwise(CompactedRunTest::next)
                .build();
        Work work = new Work();
        Map<String, Integer> compactions = new TreeMap<>();
        Conversation conversation;
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .instructions("You do piece after piece.")
                .tools(work, PlanTools.plan())
                .compactor(Compactor.firstOf(Compactor.withoutOldOutputs(), Compactor.summary(model)))
                .build()) {
            conversation = agent.newConversation();
            run(conversation, compactions);
            assertThat(conversation.compactions())
                    .hasSize(compactions.values().stream().mapToInt(n -> n).sum());
        }
        checkRequests(model.prompts());
        assertThat(cache.charges())
                .allSatisfy(charge -> assertThat(charge.usage().input()).isLessThanOrEqualTo(WINDOW));
        assertThat(compactions).containsOnlyKeys("old outputs", "summary");
        assertThat(compactions.values()).allMatch(times -> times > 10);
        assertThat(work.done)
                .hasSize(TURNS - TURNS / BETWEEN_PLANS)
                .allSatisfy((number, times) ->
                        assertThat(times).as("piece %s", number).isEqualTo(1));
    }
}
