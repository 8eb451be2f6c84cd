package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Limits.Prices;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Outcome;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Usage;
import dev.agentloop.testkit.CacheSimulator.Charge;
import dev.agentloop.testkit.CacheSimulator.Profile;
import dev.agentloop.testkit.CacheSimulator.Totals;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What whole runs of the loop cost, in the simulated cache. */
class CachedRunTest {
    private static final Logger LOG = LoggerFactory.getLogger(CachedRunTest.class);
    private static final Prices PRICES = Prices.of(2.00, 0.20, 2.50, 10.00);
    private static final Duration PACE = Duration.ofSeconds(5);
    private static final int TURNS = 500;
    private static final int BETWEEN_FAULTS = 50;

    private static ScriptedModel script(int turns, ScriptedModel.Builder builder) {
        AtomicInteger turn = new AtomicInteger();
        return builder.otherwise(prompt -> {
                    int number = turn.incrementAndGet();
                    return number < turns
                            ? ScriptedResponse.reasons("I look at note " + number)
                                    .andCalls("call_" + number, "sample", arguments(number))
                            : ScriptedResponse.says("That was all.");
                })
                .build();
    }

    private static String arguments(int number) {
        String text = "note " + number + ": " + "what was found out. ".repeat(10);
        return "{\"text\":\"" + text + "\",\"options\":{\"wait\":false}}";
    }

    private static void run(Model model) {
        try (AgentLoop agent = AgentLoop.builder()
                .model(model)
                .instructions("You read notes, one by one. ".repeat(200))
                .tools(new SampleTool())
                .build()) {
            Outcome outcome = agent.newConversation().run("Read all notes.");
            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
        }
    }

    private static CacheSimulator played(Profile profile, int turns) {
        CacheSimulator cache = CacheSimulator.of(profile, PRICES, PACE);
        run(script(turns, ScriptedModel.builder().cache(cache)));
        assertThat(cache.charges()).hasSize(turns);
        return cache;
    }

    @ParameterizedTest
    @EnumSource
    void run_of500Turns_costsWithin5PercentOfTheBest(CacheSimulatorTest.Known known) {
        CacheSimulator cache = played(known.profile(), TURNS);
        LOG.info("{}: {}", known, cache);

        Totals totals = cache.totals();
        assertThat(Math.abs(totals.aboveBest())).as("%s", cache).isLessThan(0.05);
        assertThat(totals.withoutCache().doubleValue() / totals.cost().doubleValue())
                .as("%s", cache)
                .isGreaterThan(6);
        assertThat(cache.losses()).isEmpty();
    }

    @Test
    void run_twiceAsLong_computesTwiceAsManyTokensAndSendsFourTimesAsMany() {
        Totals once = played(Profile.SINCE_GPT_5_6, TURNS).totals();
        Totals twice = played(Profile.SINCE_GPT_5_6, 2 * TURNS).totals();

        assertThat(ratio(computed(twice), computed(once)))
                .as("%s\n%s", once, twice)
                .isBetween(1.9, 2.1);
        assertThat(ratio(twice.usage().input(), once.usage().input()))
                .as("%s\n%s", once, twice)
                .isBetween(3.5, 4.1);
    }

    private static long computed(Totals totals) {
        return totals.usage().input() - totals.usage().cached();
    }

    private static double ratio(long one, long other) {
        return (double) one / other;
    }

    /** Sends prompts of which each so many has one byte that was another one before. */
    private static final class Breaking implements Model {
        private static final List<String> PLACES =
                List.of("You read notes", "Gives back", "Read all", "note 1:", "note 40:", "what was found");

        private final ScriptedModel model;
        private final CacheSimulator cache;
        private int count;

        Breaking(ScriptedModel model, CacheSimulator cache) {
            this.model = model;
            this.cache = cache;
        }

        @Override
        public PromptSettings settings() {
            return model.settings();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            count++;
            String body = body(prompt);
            Usage usage =
                    cache.next((count % BETWEEN_FAULTS == 0 ? broken(body) : body).getBytes(StandardCharsets.UTF_8));
            ModelResponse response = model.respond(prompt, listener);
            return new ModelResponse(response.id(), response.items(), usage, null, response.endTurn());
        }

        private String broken(String body) {
            String place = PLACES.get(count / BETWEEN_FAULTS % PLACES.size());
            // The last place: somewhere in the middle.
            int at = body.indexOf(place, place.startsWith("what") ? body.length() / 2 : 0);
            return body.substring(0, at) + "#" + body.substring(at + 1);
        }

        private static String body(Prompt prompt) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            prompt.wire().forEach(buffer -> {
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                out.writeBytes(bytes);
            });
            return out.toString(StandardCharsets.UTF_8) + "]}";
        }
    }

    @Test
    void run_withAByteChangedEach50Turns_isShownWithWhatEachCost() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        run(new Breaking(script(TURNS, ScriptedModel.builder()), cache));
        LOG.info("{}", cache);
        List<Charge> charges = cache.charges();

        assertThat(cache.losses())
                .extracting(charge -> charge.number() % BETWEEN_FAULTS)
                .as("the fault, and the way back")
                .containsOnly(0, 1);
        BigDecimal lost = BigDecimal.ZERO;
        for (int fault = BETWEEN_FAULTS; fault <= TURNS; fault += BETWEEN_FAULTS) {
            Charge charge = charges.get(fault - 1);
            lost = lost.add(charge.lost())
                    .add(fault < TURNS ? charges.get(fault).lost() : BigDecimal.ZERO);
            assertThat(charge.remark()).as("%s", charge).contains("differs from the request before");
            assertThat(charge.toString())
                    .contains(String.format(
                            Locale.ROOT,
                            "request %d: %,d tokens",
                            fault,
                            charge.usage().input()));
        }
        assertThat(cache.totals().cost().subtract(cache.totals().bestCost())).isEqualByComparingTo(lost);
        assertThat(part(charges.get(49))).as("a tool's description, all of it").isZero();
        assertThat(part(charges.get(99))).as("the user's message").isZero();
        assertThat(part(charges.get(299))).as("the instructions").isZero();
        assertThat(part(charges.get(249))).as("the middle, half of it").isBetween(0.45, 0.55);
        assertThat(part(charges.get(199))).as("note 40 of 200").isBetween(0.15, 0.25);
        assertThat(part(charges.get(60))).as("no fault").isGreaterThan(0.9);
    }

    private static double part(Charge charge) {
        return ratio(charge.usage().cached(), charge.usage().input());
    }
}
