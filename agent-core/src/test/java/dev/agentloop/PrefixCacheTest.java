package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.prompt.ChunkedPrompt;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PrefixCacheTest {
    private static final String SCHEMA =
            "{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\"},\"lines\":{\"type\":\"integer\"}}}";
    private static final String CALL = "{\"type\":\"function_call\",\"call_id\":\"call_1\",\"name\":\"grep\","
            + "\"arguments\":\"{\\\"path\\\":\\\"README.md\\\"}\"}";
    private static final String IMAGE = "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\","
            + "\"text\":\"Look.\"},{\"type\":\"input_image\",\"image_url\":\"https://example.org/a.png\","
            + "\"detail\":\"auto\"}]}";

    /** What a host builds its prompts from, so that each cause of a broken prefix is one change of it. */
    private static final class Host {
        private PromptSettings.Builder settings = PromptSettings.of("gpt-5.1")
                .instructions("You are careful. Say what you did.")
                .effort("low")
                .verbosity("low")
                .cacheKey("conversation-1")
                .answerFormat("answer", "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}}");
        private final List<String> tools = new ArrayList<>(List.of(
                declared("grep", "Searches files.", SCHEMA),
                declared("ls", "Lists a folder.", SCHEMA),
                declared("read", "Reads a file.", SCHEMA)));
        private final List<Item> items = new ArrayList<>(List.of(
                Item.developer("<permissions instructions>You may read.</permissions instructions>"),
                Item.user("Look at README.md."),
                Item.of(IMAGE.getBytes(UTF_8)),
                Item.of(CALL.getBytes(UTF_8)),
                ToolOutput.text("# Title\n" + "text ".repeat(100_000)).item(ToolCall.function("call_1", "grep", "{}")),
                Item.user("Now the other file.")));

        static String declared(String name, String description, String schema) {
            return "{\"type\":\"function\",\"name\":\"" + name + "\",\"description\":\"" + description
                    + "\",\"parameters\":" + schema + ",\"strict\":false}";
        }

        Prompt prompt() {
            return ChunkedPrompt.of(settings.build().head("[" + String.join(",", tools) + "]"))
                    .plus(items);
        }

        void item(int index, UnaryOperator<String> edit) {
            items.set(index, Item.of(edit.apply(items.get(index).json()).getBytes(UTF_8)));
        }

        void tool(int index, UnaryOperator<String> edit) {
            tools.set(index, edit.apply(tools.get(index)));
        }
    }

    /** What is done to the host, and what the account must say of it. */
    private record Row(String name, Consumer<Host> change, String reason, String how, String section, String field) {}

    private static List<Row> ofTools() {
        String tools = "tools_changed";
        return List.of(
                new Row("tool reordered", h -> h.tools.add(h.tools.remove(0)), tools, "reordered", "tools", "tools[0]"),
                new Row(
                        "schema key order",
                        h -> h.tool(
                                1,
                                t -> t.replace(
                                        "\"path\":{\"type\":\"string\"},\"lines\":{\"type\":\"integer\"}",
                                        "\"lines\":{\"type\":\"integer\"},\"path\":{\"type\":\"string\"}")),
                        tools,
                        "reordered",
                        "tools",
                        "tools[1].parameters.properties.lines"),
                new Row(
                        "description edited",
                        h -> h.tool(2, t -> t.replace("Reads a file", "Reads one file")),
                        tools,
                        "edited",
                        "tools",
                        "tools[2].description"),
                new Row(
                        "tool added",
                        h -> h.tools.add(1, Host.declared("head", "Reads the first lines.", SCHEMA)),
                        tools,
                        "added",
                        "tools",
                        "tools[1]"),
                new Row("tool removed", h -> h.tools.remove(1), tools, "removed", "tools", "tools[1]"),
                new Row(
                        "server restarted with another list",
                        h -> {
                            h.tools.remove(2);
                            h.tools.add(Host.declared("write", "Writes a file.", SCHEMA));
                        },
                        tools,
                        "edited",
                        "tools",
                        "tools[2].name"));
    }

    private static List<Row> ofSettings() {
        return List.of(
                new Row(
                        "date in instructions",
                        h -> h.settings.instructions("You are careful. Today is 2026-11-22."),
                        "input_changed",
                        "edited",
                        "instructions",
                        "instructions"),
                new Row(
                        "effort",
                        h -> h.settings.effort("high"),
                        "reasoning_effort_changed",
                        "edited",
                        "reasoning.effort",
                        "reasoning.effort"),
                new Row(
                        "verbosity",
                        h -> h.settings.verbosity("high"),
                        "verbosity_changed",
                        "edited",
                        "text.verbosity",
                        "text.verbosity"),
                new Row(
                        "model",
                        h -> h.settings = PromptSettings.of("gpt-5.2")
                                .instructions("You are careful. Say what you did.")
                                .effort("low")
                                .verbosity("low")
                                .cacheKey("conversation-1"),
                        "model_changed",
                        "edited",
                        "model",
                        "model"),
                new Row(
                        "key",
                        h -> h.settings.cacheKey("conversation-2"),
                        "prompt_cache_key_changed",
                        "edited",
                        "prompt_cache_key",
                        "prompt_cache_key"),
                new Row(
                        "text format",
                        h -> h.settings.answerFormat(
                                "answer", "{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"}}}"),
                        "text_format_changed",
                        "removed",
                        "text.format",
                        "text.format.schema.properties.a"),
                new Row(
                        "service tier",
                        h -> h.settings.field("service_tier", "\"flex\""),
                        "service_tier_changed",
                        "added",
                        "service_tier",
                        "service_tier"),
                new Row(
                        "resume without the stored header",
                        h -> {
                            h.settings.instructions("You are careful, version 2.");
                            h.tools.remove(0);
                        },
                        "input_changed",
                        "edited",
                        "instructions",
                        "instructions"));
    }

    private static List<Row> ofItems() {
        return List.of(
                input(
                        "permissions message rewritten",
                        h -> h.item(0, i -> i.replace("may read", "may write")),
                        "edited",
                        "input[0].content[0].text"),
                input(
                        "item edited",
                        h -> h.items.set(1, Item.user("Look at it.")),
                        "edited",
                        "input[1].content[0].text"),
                input("item dropped", h -> h.items.remove(1), "removed", "input[1]"),
                input("last items dropped", h -> h.items.subList(4, 6).clear(), "removed", "input[4]"),
                input("item put in", h -> h.items.add(4, Item.user("Wait.")), "added", "input[4]"),
                input(
                        "id policy switched",
                        h -> h.item(3, i -> i.replace("{\"type\"", "{\"id\":\"fc_1\",\"type\"")),
                        "added",
                        "input[3].id"),
                input(
                        "arguments serialised again",
                        h -> h.item(3, i -> i.replace(":\\\"README", ": \\\"README")),
                        "edited",
                        "input[3].arguments"),
                input(
                        "image detail",
                        h -> h.item(2, i -> i.replace("\"auto\"", "\"high\"")),
                        "edited",
                        "input[2].content[1].detail"),
                input(
                        "message as a string in place of parts",
                        h -> h.item(
                                1,
                                i -> i.replace(
                                        "[{\"type\":\"input_text\",\"text\":\"Look at README.md.\"}]",
                                        "\"Look at README.md.\"")),
                        "edited",
                        "input[1].content"));
    }

    private static Row input(String name, Consumer<Host> change, String how, String field) {
        return new Row(name, change, "input_changed", how, "input", field);
    }

    @TestFactory
    Stream<DynamicTest> aBrokenPrefix_isNamedByItsCauseItsPlaceAndItsByte() {
        List<Row> rows = Stream.of(ofTools(), ofSettings(), ofItems())
                .flatMap(List::stream)
                .toList();
        assertThat(rows).hasSizeGreaterThanOrEqualTo(20);
        return rows.stream().map(row -> DynamicTest.dynamicTest(row.name(), () -> explained(row)));
    }

    private static void explained(Row row) {
        Host host = new Host();
        Prompt before = host.prompt();
        PrefixCache cache = PrefixCache.hashChain();
        cache.check(before);
        row.change().accept(host);
        Prompt after = host.prompt();

        PrefixCache.Report report = cache.check(after);

        PrefixCache.Break broken = report.broken();
        assertThat(broken).isNotNull();
        assertThat(List.of(broken.reason(), broken.change(), broken.section(), broken.field()))
                .containsExactly(row.reason(), row.how(), row.section(), row.field());
        int mismatch = Arrays.mismatch(bytes(before), bytes(after));
        assertThat(broken.offset()).isEqualTo(mismatch);
        assertThat(report.reusableBytes()).isEqualTo(mismatch);
        String item = row.field().replaceAll("^input\\[(\\d+)].*", "$1");
        assertThat(broken.item()).isEqualTo(row.section().equals("input") ? Integer.parseInt(item) : -1);
        assertThat(broken.describe()).contains(row.field() + " was " + row.how(), "no entry of the log says why");
        assertThat(report.describe()).contains("tokens are read again");
    }

    private static byte[] bytes(Prompt prompt) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (ByteBuffer buffer : prompt.wire()) {
            byte[] chunk = new byte[buffer.remaining()];
            buffer.get(chunk);
            out.writeBytes(chunk);
        }
        return out.toByteArray();
    }

    @Test
    void aGrownPrompt_isReusableToTheLastByteOfTheOneBefore() {
        Prompt base = new Host().prompt();
        PrefixCache cache = PrefixCache.hashChain();
        assertThat(cache.check(base)).isEqualTo(new PrefixCache.Report(0, base.length(), 0, 0, null, null, false));
        Prompt longer = base.plus(List.of(Item.user("d")));
        PrefixCache.Report report = cache.check(longer);
        assertThat(report.broken()).isNull();
        assertThat(report.reusableBytes()).isEqualTo(base.length());
        assertThat(report.totalBytes()).isEqualTo(longer.length());
        assertThat(report.describe())
                .isEqualTo(String.format(
                        java.util.Locale.ROOT, "%,d of %,d bytes as before", base.length(), longer.length()));
    }

    @Test
    void anAnnouncedBreak_hasTheReasonOfItsEntry() {
        Host host = new Host();
        PrefixCache cache = PrefixCache.hashChain();
        cache.check(host.prompt());
        host.items.subList(1, 6).clear();
        PrefixCache.Break broken =
                cache.check(host.prompt(), "context_compacted").broken();
        assertThat(broken.reason()).isEqualTo("context_compacted");
        assertThat(broken.epoch()).isEqualTo("context_compacted");
        assertThat(broken.describe()).doesNotContain("no entry");
    }

    @Test
    void lostTokens_areCountedByTheServersOwnMeasure_andPriced() {
        Host host = new Host();
        PrefixCache cache =
                PrefixCache.hashChain(PrefixCache.Rules.DEFAULT.withPrices(Limits.Prices.of(2.0, 0.2, 2.5, 10.0)));
        Prompt before = host.prompt();
        cache.check(before);
        cache.settle(Usage.reported(100_000, 0, 0, 10, 0));
        host.item(5, item -> item.replace("other", "first"));
        PrefixCache.Report report = cache.check(host.prompt());
        long kept = Math.round(100_000.0 * report.broken().offset() / before.length());
        assertThat(report.reusableTokens()).isEqualTo(kept - kept % 128);
        assertThat(report.lostTokens()).isEqualTo(99_968 - report.reusableTokens());
        assertThat(report.lostMoney())
                .isEqualByComparingTo(BigDecimal.valueOf(report.lostTokens())
                        .multiply(new BigDecimal("2.3"))
                        .divide(BigDecimal.valueOf(1_000_000)));
        assertThat(report.describe())
                .contains(", which costs " + report.lostMoney().toPlainString() + " more");
    }

    /** A clock that a test moves. */
    private static final class Hand extends Clock {
        private Instant now = Instant.EPOCH;

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private static PrefixCache.Reuse after(
            Duration pause, @Nullable Consumer<Host> change, @Nullable String epoch, long cached) {
        Hand clock = new Hand();
        PrefixCache cache =
                PrefixCache.hashChain(new PrefixCache.Rules(1_024, 128, Duration.ofMinutes(5), null, clock));
        Host host = new Host();
        cache.check(host.prompt());
        cache.settle(Usage.reported(10_000, 0, 0, 10, 0));
        clock.now = clock.now.plus(pause);
        host.items.add(Item.user("More."));
        if (change != null) {
            change.accept(host);
        }
        cache.check(host.prompt(), epoch);
        return cache.settle(Usage.reported(10_100, cached, 0, 10, 0));
    }

    @Test
    void settle_tellsWhoIsToBlameForAMiss() {
        Duration soon = Duration.ofSeconds(10);
        Consumer<Host> edit = host -> host.items.set(0, Item.developer("Other."));
        Consumer<Host> model = host -> host.settings = PromptSettings.of("gpt-5.2");
        assertThat(after(soon, null, null, 9_984).miss()).isEqualTo(PrefixCache.Miss.NONE);
        assertThat(after(soon, null, null, 9_856).miss()).isEqualTo(PrefixCache.Miss.NONE);
        assertThat(after(soon, null, null, 9_855).miss()).isEqualTo(PrefixCache.Miss.SERVER);
        assertThat(after(Duration.ofMinutes(6), null, null, 0).miss()).isEqualTo(PrefixCache.Miss.IDLE);
        assertThat(after(Duration.ofMinutes(6), null, null, 9_984).miss()).isEqualTo(PrefixCache.Miss.NONE);
        assertThat(after(soon, edit, null, 0).miss()).isEqualTo(PrefixCache.Miss.CLIENT);
        assertThat(after(soon, model, "model_changed", 0).miss()).isEqualTo(PrefixCache.Miss.CLIENT);
        assertThat(after(soon, edit, "context_compacted", 0).miss()).isEqualTo(PrefixCache.Miss.COMPACTION);
        // The difference explains only what lies behind it.
        Consumer<Host> late = host -> host.items.set(5, Item.user("Other."));
        assertThat(after(soon, late, null, 0).miss()).isEqualTo(PrefixCache.Miss.SERVER);
        assertThat(after(Duration.ofMinutes(6), late, null, 0).miss()).isEqualTo(PrefixCache.Miss.IDLE);
    }

    @Test
    void settle_saysWhatWasMissed() {
        PrefixCache.Reuse reuse = after(Duration.ofSeconds(10), null, null, 0);
        assertThat(reuse.expectedTokens()).isEqualTo(9_984);
        assertThat(reuse.missedTokens()).isEqualTo(9_984);
        assertThat(reuse.describe())
                .isEqualTo(
                        "10,100 tokens in, 0 read from the cache (9,984 expected), 0 written to it; the prefix was the"
                                + " same, so the provider did not find it");
        assertThat(after(Duration.ofMinutes(6), null, null, 0).describe())
                .endsWith("; the pause was too long, so the provider may have dropped the prefix");
        assertThat(after(Duration.ofSeconds(1), host -> host.items.remove(1), null, 0)
                        .describe())
                .contains("; the prompt changed: input_changed: input[1] was removed");
    }

    @Test
    void aShortPrompt_isNotExpectedInTheCache() {
        PrefixCache cache = PrefixCache.hashChain();
        Host host = new Host();
        cache.check(host.prompt());
        cache.settle(Usage.reported(1_023, 0, 0, 10, 0));
        host.items.add(Item.user("More."));
        assertThat(cache.check(host.prompt()).reusableTokens()).isZero();
        assertThat(cache.settle(Usage.reported(1_050, 0, 0, 10, 0)).miss()).isEqualTo(PrefixCache.Miss.NONE);
    }

    @Test
    void resume_goesOnWithWhatTheLogSays() {
        Host host = new Host();
        PrefixCache cache = PrefixCache.hashChain();
        cache.resume(host.prompt(), Usage.reported(5_000, 0, 0, 1, 0), Instant.now());
        host.items.add(Item.user("More."));
        assertThat(cache.check(host.prompt()).reusableTokens()).isEqualTo(4_992);
        assertThat(cache.settle(Usage.reported(5_010, 0, 0, 1, 0)).miss()).isEqualTo(PrefixCache.Miss.SERVER);
    }

    @Test
    void strict_refusesWhatNoEntryAnnounces_andWhatOnlySettingsDo() {
        Host host = new Host();
        PrefixCache cache = PrefixCache.hashChain().strict();
        assertThat(cache.check(host.prompt()).refused()).isFalse();
        host.items.add(Item.user("More."));
        assertThat(cache.check(host.prompt()).refused()).isFalse();
        host.items.set(0, Item.user("Edited."));
        assertThat(cache.check(host.prompt()).refused()).isTrue();
        host.items.set(0, Item.user("Edited again."));
        assertThat(cache.check(host.prompt(), "model_changed").refused()).isTrue();
        host.items.set(0, Item.user("And again."));
        assertThat(cache.check(host.prompt(), "context_compacted").refused()).isFalse();
        host.items.set(0, Item.user("Once more."));
        assertThat(cache.check(host.prompt(), "tools_repinned").refused()).isFalse();
    }

    @Test
    void rules_refuseWhatIsNoCache() {
        assertThat(org.assertj.core.api.Assertions.catchThrowable(
                        () -> new PrefixCache.Rules(-1, 0, Duration.ZERO, null, Clock.systemUTC())))
                .hasMessage("a cache has a minimum of 0 tokens or more and steps of 1 or more; these are -1 and 0");
    }
}
