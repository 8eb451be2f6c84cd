package dev.agentloop.benchmarks;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Limits.Prices;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
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
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What the input of a run costs with and without compaction, in the simulated cache. Nothing is measured by the clock, so
 * every machine prints the same table.
 */
final class CompactionCost {
    private static final String USAGE =
            "usage: benchmarks/run compaction [--turns 200,500,2000 --windows 32000,272000 ]";
    private static final Prices PRICES = Prices.of(2.00, 0.20, 2.50, 10.00);
    private static final Duration PACE = Duration.ofSeconds(5);
    private static final int BYTES_PER_TOKEN = 4;
    private static final int LONG_EACH = 10;

    /** The ways that are compared. */
    private enum Way {
        NONE("none, as if the window had no end"),
        OLD_OUTPUTS("old outputs only"),
        SUMMARY("old outputs, then a summary");

        private final String title;

        Way(String title) {
            this.title = title;
        }

        Compactor compactor(Model model) {
            return switch (this) {
                case NONE -> Compactor.NEVER;
                case OLD_OUTPUTS -> Compactor.withoutOldOutputs();
                case SUMMARY -> Compactor.firstOf(Compactor.withoutOldOutputs(), Compactor.summary(model));
            };
        }
    }

    /** Gives 1 KiB, and each tenth time 16 KiB. */
    private record Read() implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("read", "Reads a note.", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            int number = Integer.parseInt(call.callId().substring("call_".length()));
            return ToolOutput.text("a note ".repeat((number % LONG_EACH == 0 ? 16 : 1) * 1_024 / 7));
        }

        @Override
        public Access access(ToolCall call) {
            return Access.READS;
        }
    }

    private CompactionCost() {}

    public static void main(String[] arguments) {
        Options options = Options.parse(USAGE, arguments);
        System.out.println(
                "| turns | window | compaction | times | largest prompt | input tokens | of these cached | cost |");
        System.out.println("|---|---|---|---|---|---|---|---|");
        for (int turns : options.numbers("turns", "200,500,2000")) {
            row(turns, 0, Way.NONE);
            for (int window : options.numbers("windows", "32000,272000")) {
                row(turns, window, Way.OLD_OUTPUTS);
                row(turns, window, Way.SUMMARY);
            }
        }
    }

    private static void row(int turns, int window, Way way) {
        CacheSimulator cache = CacheSimulator.of(CacheSimulator.Profile.SINCE_GPT_5_6, PRICES, PACE);
        Result result = run(turns, window, way, cache);
        CacheSimulator.Totals totals = cache.totals();
        long largest = cache.charges().stream()
                .mapToLong(charge -> charge.usage().input())
                .max()
                .orElseThrow();
        String start = String.format(
                Locale.ROOT,
                "| %,d | %s | %s | %,d |",
                turns,
                window == 0 ? "" : String.format(Locale.ROOT, "%,d", window),
                way.title,
                result.compactions());
        if (!result.finished()) {
            System.out.printf(
                    Locale.ROOT, "%s ended after %,d turns, the prompt did not fit | | | |%n", start, result.turns());
            return;
        }
        System.out.printf(
                Locale.ROOT,
                "%s %,d | %,d | %,d %% | $%s |%n",
                start,
                largest,
                totals.usage().input(),
                totals.usage().cached() * 100 / totals.usage().input(),
                totals.cost().setScale(2, RoundingMode.HALF_UP));
    }

    /**
     * How far a run came.
     *
     * @param turns the answered requests, those for summaries apart
     * @param compactions how often the prompt was shortened
     * @param finished false where the prompt did not fit any more
     */
    private record Result(int turns, int compactions, boolean finished) {}

    private static Result run(int turns, int window, Way way, CacheSimulator cache) {
        AtomicInteger turn = new AtomicInteger();
        AtomicInteger compactions = new AtomicInteger();
        ScriptedModel model = ScriptedModel.builder()
                .settings(PromptSettings.of("scripted")
                        .reasoning(true)
                        .contextWindow(window)
                        .build())
                .cache(cache)
                .otherwise(prompt -> answer(fitting(prompt, window), turn, turns))
                .build();
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .instructions("You read notes, one by one. ".repeat(200))
                .tools(new Read())
                .compactor(way.compactor(model))
                .build()) {
            Outcome outcome = agent.newConversation().run("Read all notes.", RunOptions.listeningWith(event -> {
                if (event instanceof AgentEvent.Compacted) {
                    compactions.incrementAndGet();
                }
            }));
            return new Result(turn.get(), compactions.get(), outcome instanceof Outcome.Finished);
        }
    }

    private static Prompt fitting(Prompt prompt, int window) {
        if (window > 0 && prompt.length() / BYTES_PER_TOKEN > window) {
            throw ModelException.of(ModelException.Kind.CONTEXT_LENGTH, "the prompt does not fit")
                    .build();
        }
        return prompt;
    }

    private static ScriptedResponse answer(Prompt prompt, AtomicInteger turn, int turns) {
        if (prompt.item(prompt.size() - 1) instanceof Item.Message last
                && last.text().contains("handover")) {
            return ScriptedResponse.says("what was found out ".repeat(300));
        }
        int number = turn.incrementAndGet();
        return number < turns
                ? ScriptedResponse.reasons("I look at note " + number)
                        .andCalls("call_" + number, "read", "{\"note\":" + number + "}")
                : ScriptedResponse.says("That was all.");
    }
}
