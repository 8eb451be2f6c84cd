package dev.agentloop.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.Item;
import dev.agentloop.Limits.Prices;
import dev.agentloop.Model;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Toolbox;
import dev.agentloop.Usage;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.CacheSimulator.Profile;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CacheSimulatorTest {
    private static final Prices PRICES = Prices.of(2.00, 0.20, 2.50, 10.00);
    private static final Duration PACE = Duration.ofSeconds(5);

    private static Prompt prompt(String key, String instructions) {
        return Prompt.of(
                PromptSettings.of("gpt-6-sol")
                        .instructions(instructions)
                        .cacheKey(key)
                        .build(),
                Toolbox.of(List.of(new SampleTool())));
    }

    /** A user's message whose item, with the comma before it, has exactly {@code 4 * tokens} bytes. */
    private static Item message(int tokens) {
        int frame = Item.user("").bytes().remaining() + 1;
        return Item.user("x".repeat(4 * tokens - frame));
    }

    private static byte[] body(Prompt prompt) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        prompt.wire().forEach(buffer -> {
            byte[] bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            out.writeBytes(bytes);
        });
        out.writeBytes("],\"tool_choice\":\"auto\"}".getBytes(StandardCharsets.UTF_8));
        return out.toByteArray();
    }

    @Test
    void exactProfile_readsAllOfTheRequestBefore() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        Prompt first = prompt("key", "Be brief.").plus(List.of(message(2_000)));
        Usage written = cache.next(first);
        assertThat(written.cached()).isZero();
        assertThat(written.cacheWritten()).isEqualTo(written.input()).isGreaterThan(2_000);

        Usage grown = cache.next(first.plus(List.of(message(300))));
        assertThat(grown).isEqualTo(Usage.reported(written.input() + 300, written.input(), 300, 0, 0));

        Usage again = cache.next(first);
        assertThat(again).isEqualTo(Usage.reported(written.input(), written.input(), 0, 0, 0));
        assertThat(cache.losses()).isEmpty();
        assertThat(cache.totals().aboveBest()).isZero();
    }

    @Test
    void stepsOf128_areReadAndTheRestIsPlain() {
        CacheSimulator cache = CacheSimulator.of(Profile.BEFORE_GPT_5_6, PRICES, PACE);
        Prompt first = prompt("key", "Be brief.").plus(List.of(message(2_000)));
        long tokens = cache.next(first).input();

        Usage grown = cache.next(first.plus(List.of(message(300))));

        assertThat(grown.cached()).isEqualTo(tokens / 128 * 128);
        assertThat(grown.cacheWritten()).isZero();
        assertThat(cache.losses()).isEmpty();
    }

    @Test
    void stepsOf128_endInTheMiddleOfAnItemThatDiffers() {
        CacheSimulator cache = CacheSimulator.of(Profile.BEFORE_GPT_5_6, PRICES, PACE);
        Prompt start = prompt("key", "Be brief.");
        Item item = message(4_000);
        long before = cache.next(start.plus(List.of(item))).input() - 4_000;
        // The last byte of its text differs.
        Item other = Item.of(item.json().replace("x\"", "y\"").getBytes(StandardCharsets.UTF_8));

        Usage usage = cache.next(start.plus(List.of(other)));

        assertThat(usage.cached()).isBetween(before + 4_000 - 2 * 128, before + 4_000);
    }

    @Test
    void shortPrompt_isNeitherWrittenNorRead() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        Prompt first = prompt("key", "Be brief.").plus(List.of(message(500)));
        Usage written = cache.next(first);
        Usage again = cache.next(first);

        assertThat(written).isEqualTo(again).isEqualTo(Usage.reported(written.input(), 0, 0, 0, 0));
        assertThat(cache.losses()).singleElement().asString().contains("shorter than 1024 tokens");
    }

    @Test
    void idlePrefix_expires() {
        TestClock clock = new TestClock();
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, clock);
        Prompt prompt = prompt("key", "Be brief.").plus(List.of(message(2_000)));
        cache.next(prompt);
        clock.pass(Duration.ofMinutes(29));
        assertThat(cache.next(prompt).cached()).isPositive();
        clock.pass(Duration.ofMinutes(29));
        assertThat(cache.next(prompt).cached()).as("reading renews it").isPositive();
        clock.pass(Duration.ofMinutes(31));

        assertThat(cache.next(prompt).cached()).isZero();
        assertThat(cache.losses()).singleElement().asString().contains("PT31M earlier, and the cache lives PT30M");
    }

    @Test
    void moreThan15InAMinute_spillToAMachineThatMisses() {
        TestClock clock = new TestClock();
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, clock);
        Prompt prompt = prompt("key", "Be brief.").plus(List.of(message(2_000)));
        List<Long> read = new ArrayList<>();
        for (int i = 0; i < 17; i++) {
            read.add(cache.next(prompt).cached());
            clock.pass(Duration.ofSeconds(1));
        }
        assertThat(read.subList(1, 15)).doesNotContain(0L);
        assertThat(read.get(15)).as("the 16th goes to a second machine").isZero();
        assertThat(read.get(16)).as("which knows it from then on").isPositive();
        assertThat(cache.next(prompt("other", "Be brief.")).input())
                .as("another key has a rate of its own")
                .isPositive();
        assertThat(cache.losses())
                .singleElement()
                .asString()
                .contains("request 16:", "more than 15 requests of the key in a minute, so machine 2 took it");
        clock.pass(Duration.ofSeconds(44));
        assertThat(cache.next(prompt).cached()).as("back at the first one").isPositive();
    }

    @Test
    void otherKeyOrModel_findsNothing() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        Item long_ = message(2_000);
        cache.next(prompt("key", "Be brief.").plus(List.of(long_)));

        assertThat(cache.next(prompt("key 2", "Be brief.").plus(List.of(long_))).cached())
                .isZero();
        Prompt luna = Prompt.of(
                PromptSettings.of("gpt-6-luna")
                        .instructions("Be brief.")
                        .cacheKey("key")
                        .build(),
                Toolbox.of(List.of(new SampleTool())));
        assertThat(cache.next(luna.plus(List.of(long_))).cached()).isZero();
    }

    @Test
    void changedPart_isNamed() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        Prompt prompt = prompt("key", "Be brief.").plus(List.of(message(2_000), message(100), message(100)));
        cache.next(prompt);
        cache.next(prompt("key", "Be long.").plus(prompt.items()));
        cache.next(prompt);
        cache.next(prompt("key", "Be brief.").plus(List.of(message(2_000), message(101), message(100))));

        assertThat(cache.losses())
                .extracting(CacheSimulator.Charge::remark)
                .satisfiesExactly(
                        remark -> assertThat(remark).endsWith(": instructions differs from the request before"),
                        remark -> assertThat(remark).endsWith(": item 1 differs from the request before"));
    }

    @Test
    void charge_canBeReadByAPerson() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        Prompt prompt = prompt("key", "").plus(List.of(message(2_000)));
        long head = cache.next(prompt).input() - 2_000;
        assertThat(head).isBetween(1L, 150L);

        Usage usage = Usage.reported(12_345, 12_000, 300, 0, 0);
        assertThat(new CacheSimulator.Charge(
                        7,
                        Instant.EPOCH,
                        "key",
                        usage,
                        usage,
                        PRICES.cost(usage),
                        PRICES.cost(Usage.reported(12_345, 0, 0, 0, 0)),
                        PRICES.cost(usage),
                        "why"))
                .hasToString("request 7: 12,345 tokens, 12,000 read, 300 written, 45 plain; cost 0.003240, 0.024690"
                        + " without a cache, 0.003240 at best; lost 0.000000: why");
        assertThat(cache.totals().toString()).startsWith("1 requests: 2,0").endsWith("at best (+0.0 %)");
        assertThat(cache).hasToString(cache.totals().toString());
    }

    @Test
    void bodyWithoutItems_isRefused() {
        CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        assertThatThrownBy(() -> cache.next("{\"model\":\"m\",\"input\":\"hi\"}".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the body of 26 bytes has no input, or one that is not an array");
        assertThatThrownBy(() -> cache.next("{\"model\":".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a request in JSON");
        assertThatThrownBy(() -> new Profile(1024, 128, PACE, 0, false))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("at least 1 request a minute")
                .hasMessageContaining("and 0");
    }

    /** Each profile, for a test that runs with both. */
    enum Known {
        OLD(Profile.BEFORE_GPT_5_6),
        NEW(Profile.SINCE_GPT_5_6);

        private final Profile profile;

        Known(Profile profile) {
            this.profile = profile;
        }

        Profile profile() {
            return profile;
        }
    }

    /** What is remembered of the requests before never changes what is told of a request. */
    @ParameterizedTest
    @EnumSource
    void promptsAndBodies_inAnyOrder_areToldAsByComparingAllBytes(Known known) {
        long seed = 20_261_122;
        Random random = new Random(seed);
        Profile profile = known.profile.withIdle(Duration.ofDays(1));
        CacheSimulator ofPrompts = CacheSimulator.of(profile, PRICES, PACE);
        CacheSimulator ofBodies = CacheSimulator.of(profile, PRICES, PACE);
        List<Prompt> sent = new ArrayList<>();
        List<byte[]> sentBytes = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            Prompt prompt = sent.isEmpty() || random.nextInt(12) == 0
                    ? prompt("key", random.nextBoolean() ? "Be brief." : "Be long.")
                    : sent.get(random.nextInt(4) == 0 ? random.nextInt(sent.size()) : sent.size() - 1);
            List<Item> more = new ArrayList<>();
            for (int items = random.nextInt(4); items > 0 || prompt.size() + more.size() == 0; items--) {
                more.add(message(50 + random.nextInt(3) * 400));
            }
            Prompt next = prompt.plus(more);
            Usage told = ofPrompts.next(next);
            assertThat(told).as("request %d, seed %d", i, seed).isEqualTo(ofBodies.next(body(next)));
            assertThat(told.cached())
                    .as("request %d, seed %d", i, seed)
                    .isEqualTo(expected(profile, sentBytes, cached(next)));
            sentBytes.add(cached(next));
            sent.add(next);
        }
    }

    /** The longest prefix that was sent, found by comparing with every request. */
    private static long expected(Profile profile, List<byte[]> sent, byte[] next) {
        long longest = 0;
        for (byte[] before : sent) {
            int mismatch = Arrays.mismatch(before, next);
            int common = mismatch < 0 ? next.length : mismatch;
            long read = profile.stepTokens() > 0 ? common / 512 * 128 : common == before.length ? common / 4 : 0;
            longest = Math.max(longest, read);
        }
        return longest >= profile.minimumTokens() ? longest : 0;
    }

    /** The part of the prompt that a cache knows, in the server's order; the head here is of tools and instructions. */
    private static byte[] cached(Prompt prompt) {
        JsonFields head = JsonFields.of(prompt.head().getBytes(StandardCharsets.UTF_8));
        StringBuilder text = new StringBuilder();
        for (String name : List.of("tools", "instructions")) {
            text.append(name)
                    .append(head.raw(head.all().stream()
                            .filter(field -> field.name().equals(name))
                            .findFirst()
                            .orElseThrow()));
        }
        prompt.items().forEach(item -> text.append(item.json()).append(','));
        return text.substring(0, text.length() - 1).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void scriptedModelAndServer_reportWhatItCounts() throws Exception {
        CacheSimulator inProcess = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        CacheSimulator overHttp = CacheSimulator.of(Profile.SINCE_GPT_5_6, PRICES, PACE);
        Model model = ScriptedModel.builder()
                .cache(inProcess)
                .otherwise(prompt -> ScriptedResponse.says("yes"))
                .build();
        Prompt first = prompt("key", "Be brief.").plus(List.of(message(2_000)));
        Prompt second = first.plus(List.of(message(30)));
        try (ScriptedServer server = ScriptedServer.builder()
                .cache(overHttp)
                .answer(ScriptedServer.error(500, "server_error", "not played"))
                .otherwise(request -> ScriptedResponse.says("yes"))
                .start()) {
            post(server, first);
            for (Prompt prompt : List.of(first, second)) {
                Usage usage = model.respond(prompt, Model.Listener.NONE).usage();
                assertThat(usage.output()).isPositive();
                assertThat(post(server, prompt))
                        .contains("\"input_tokens\":" + usage.input() + ",")
                        .contains("\"cached_tokens\":" + usage.cached() + ",\"cache_write_tokens\":"
                                + usage.cacheWritten() + "}");
            }
            assertThat(server.problems()).isEmpty();
        }
        assertThat(inProcess.totals().usage().cached()).isGreaterThan(2_000);
        assertThat(overHttp.totals()).isEqualTo(inProcess.totals());
    }

    private static String post(ScriptedServer server, Prompt prompt) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server.url() + "/responses"))
                .POST(HttpRequest.BodyPublishers.ofByteArray(body(prompt)))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }
}
