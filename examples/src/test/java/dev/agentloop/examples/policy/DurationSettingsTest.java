package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.AgentLoop;
import dev.agentloop.Limits;
import dev.agentloop.PrefixCache;
import dev.agentloop.RetryPolicy;
import dev.agentloop.mcp.McpServer;
import dev.agentloop.mcp.McpServers;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.testkit.CacheSimulator;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.tools.ShellTools;
import dev.agentloop.tools.TypedTool;
import java.lang.reflect.Executable;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every time that a host can set has bounds, and is refused beyond them where it is set. */
class DurationSettingsTest {
    private static final Duration ZERO = Duration.ZERO;
    private static final Duration MILLISECOND = Duration.ofMillis(1);
    private static final Duration TEN = Duration.ofMillis(10);
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration YEAR = Duration.ofDays(365);
    private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();
    private static final CacheSimulator.Profile PROFILE = CacheSimulator.Profile.SINCE_GPT_5_6;

    /** What is told with a time, or learnt from a server, and set by nobody. */
    private static final Set<String> TOLD = Set.of(
            "AgentEvent.Retrying 2/3",
            "AgentEvent.ToolEnded 3/4",
            "Model.Listener.onRetry 2/3",
            "ModelException.Builder.retryAfter 1/1");

    private static final Map<String, Setting> SETTINGS = settings();

    /**
     * A setting.
     *
     * @param name what an error calls it
     * @param nullable whether null means that there is none
     */
    private record Setting(String name, Duration least, Duration most, boolean nullable, Consumer<Duration> set) {}

    private record Nothing() {}

    private static Map<String, Setting> settings() {
        Map<String, Setting> all = new LinkedHashMap<>();
        core(all);
        retries(all);
        tools(all);
        adapters(all);
        return all;
    }

    private static void put(
            Map<String, Setting> all, String place, String name, List<Duration> bounds, Consumer<Duration> set) {
        all.put(place, new Setting(name, bounds.get(0), bounds.get(1), false, set));
    }

    private static void core(Map<String, Setting> all) {
        Consumer<Duration> time = value -> new Limits(0, 0, 0, null, null, value, MILLISECOND, 0);
        all.put("Limits 6/8", new Setting("Limits.time", MILLISECOND, YEAR, true, time));
        all.put("Limits.withTime 1/1", new Setting("Limits.time", MILLISECOND, YEAR, true, Limits.NONE::withTime));
        List<Duration> usual = List.of(MILLISECOND, YEAR);
        Consumer<Duration> tool = value -> new Limits(0, 0, 0, null, null, null, value, 0);
        put(all, "Limits 7/8", "Limits.toolTimeout", usual, tool);
        put(all, "Limits.withToolTimeout 1/1", "Limits.toolTimeout", usual, Limits.NONE::withToolTimeout);
        put(
                all,
                "AgentLoop.Builder.approvalsExpireAfter 1/1",
                "AgentLoop.approvalsExpireAfter",
                usual,
                AgentLoop.builder()::approvalsExpireAfter);
        List<Duration> life = List.of(ZERO, YEAR);
        AgentLoop agent = AgentLoop.builder().model(ScriptedModel.answering()).build();
        put(all, "AgentLoop.close 1/1", "AgentLoop.close", life, agent::close);
        Consumer<Duration> rules = value -> new PrefixCache.Rules(0, 1, value, null, Clock.systemUTC());
        put(all, "PrefixCache.Rules 3/5", "PrefixCache.Rules.life", life, rules);
        put(all, "PrefixCache.Rules.withLife 1/1", "PrefixCache.Rules.life", life, PrefixCache.Rules.DEFAULT::withLife);
    }

    private static void retries(Map<String, Setting> all) {
        List<Duration> bounds = List.of(ZERO, YEAR);
        put(all, "RetryPolicy 3/4", "RetryPolicy.baseDelay", bounds, value -> new RetryPolicy(1, 1, value, YEAR));
        put(all, "RetryPolicy 4/4", "RetryPolicy.maxDelay", bounds, value -> new RetryPolicy(1, 1, ZERO, value));
        put(all, "RetryPolicy 3/5", "RetryPolicy.baseDelay", bounds, value -> new RetryPolicy(1, 1, value, YEAR, DAY));
        put(all, "RetryPolicy 4/5", "RetryPolicy.maxDelay", bounds, value -> new RetryPolicy(1, 1, ZERO, value, DAY));
        put(
                all,
                "RetryPolicy 5/5",
                "RetryPolicy.maxAskedDelay",
                bounds,
                value -> new RetryPolicy(1, 1, ZERO, ZERO, value));
        put(
                all,
                "RetryPolicy.withMaxAskedDelay 1/1",
                "RetryPolicy.maxAskedDelay",
                bounds,
                RetryPolicy.DEFAULT::withMaxAskedDelay);
    }

    private static void tools(Map<String, Setting> all) {
        List<Duration> usual = List.of(MILLISECOND, YEAR);
        Duration most = Duration.ofDays(24);
        ShellTools.Builder shell = ShellTools.builder(Path.of(""));
        put(
                all,
                "ShellTools.Builder.timeouts 1/2",
                "ShellTools.timeouts(usual)",
                List.of(MILLISECOND, most),
                value -> shell.timeouts(value, most));
        put(
                all,
                "ShellTools.Builder.timeouts 2/2",
                "ShellTools.timeouts(longest)",
                List.of(MILLISECOND, most),
                value -> shell.timeouts(MILLISECOND, value));
        TypedTool<Nothing> typed = TypedTool.of("t", "does nothing", Nothing.class, (nothing, context) -> "");
        put(all, "TypedTool.withTimeout 1/1", "TypedTool.timeout", usual, typed::withTimeout);
        McpServer server = McpServer.stdio("s", "server");
        put(all, "McpServer.withToolTimeout 1/1", "McpServer.toolTimeout", usual, server::withToolTimeout);
        put(
                all,
                "McpServers.Builder.startTimeout 1/1",
                "McpServers.startTimeout",
                usual,
                McpServers.builder()::startTimeout);
    }

    private static void adapters(Map<String, Setting> all) {
        OpenAiModel.Builder model = OpenAiModel.builder("gpt-5.1");
        List<Duration> day = List.of(MILLISECOND, DAY);
        put(all, "OpenAiModel.Builder.connectTimeout 1/1", "OpenAiModel.connectTimeout", day, model::connectTimeout);
        put(all, "OpenAiModel.Builder.idleTimeout 1/1", "OpenAiModel.idleTimeout", day, model::idleTimeout);
        PgConversationStore.Builder store = PgConversationStore.builder("jdbc:postgresql://localhost/none", null, null);
        String postgres = "PgConversationStore.Builder.";
        put(
                all,
                postgres + "heartbeat 1/2",
                "PgConversationStore.heartbeat(every)",
                List.of(TEN, DAY),
                value -> store.heartbeat(value, YEAR));
        put(
                all,
                postgres + "heartbeat 2/2",
                "PgConversationStore.heartbeat(deadAfter)",
                List.of(TEN.multipliedBy(2), YEAR),
                value -> store.heartbeat(TEN, value));
        put(all, postgres + "timeLimit 1/1", "PgConversationStore.timeLimit", List.of(ZERO, DAY), store::timeLimit);
        put(all, postgres + "activity 1/1", "PgConversationStore.activity", List.of(TEN, DAY), store::activity);
        List<Duration> idle = List.of(ZERO, YEAR);
        put(all, "CacheSimulator.of 3/3", "CacheSimulator.pace", idle, pace -> CacheSimulator.of(PROFILE, null, pace));
        put(
                all,
                "CacheSimulator.Profile 3/5",
                "CacheSimulator.Profile.idle",
                idle,
                value -> new CacheSimulator.Profile(0, 0, value, 1, false));
        put(all, "CacheSimulator.Profile.withIdle 1/1", "CacheSimulator.Profile.idle", idle, PROFILE::withIdle);
    }

    static Stream<Path> libraries() {
        return Repository.libraries().stream();
    }

    @ParameterizedTest
    @MethodSource("libraries")
    void publicApi_takesNoTimeThatIsNotInTheTable(Path module) {
        assertThat(places(module))
                .as("give it bounds with Durations.checked, and add it to the table of this test")
                .allMatch(place -> SETTINGS.containsKey(place) || TOLD.contains(place));
    }

    @Test
    void table_namesOnlyWhatTheApiHas() {
        Set<String> places = new TreeSet<>();
        libraries().forEach(module -> places.addAll(places(module)));
        assertThat(places).containsAll(SETTINGS.keySet()).containsAll(TOLD);
    }

    static Stream<String> places() {
        return SETTINGS.keySet().stream();
    }

    @ParameterizedTest
    @MethodSource("places")
    void setting_withinItsBounds_isTaken(String place) {
        Setting setting = SETTINGS.get(place);
        setting.set().accept(setting.least());
        setting.set().accept(setting.most());
        if (setting.nullable()) {
            setting.set().accept(null);
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    void setting_beyondItsBounds_isRefusedByName(String place) {
        Setting setting = SETTINGS.get(place);
        List<Duration> odd = new ArrayList<>(List.of(
                Duration.ofSeconds(-5),
                Duration.ofSeconds(Long.MIN_VALUE),
                setting.least().minusNanos(1),
                setting.most().plusNanos(1),
                Duration.ofSeconds(Long.MAX_VALUE / 1_000_000_000 + 1),
                Duration.ofSeconds(Long.MAX_VALUE / 1_000 + 1),
                FOREVER));
        if (!setting.nullable()) {
            odd.add(null);
        }
        for (Duration value : odd) {
            assertThatThrownBy(() -> setting.set().accept(value))
                    .as("%s with %s", place, value)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(setting.name() + " must be from ")
                    .hasMessageContaining(", but is " + value);
        }
    }

    /** The parameters that are times, such as {@code ShellTools.Builder.timeouts 2/2} for the second of two. */
    private static Set<String> places(Path module) {
        Set<String> places = new TreeSet<>();
        PublicApi.of(module).topLevelTypes().forEach(type -> collect(type, places));
        return places;
    }

    private static void collect(Class<?> type, Set<String> places) {
        String name =
                type.getName().substring(type.getPackageName().length() + 1).replace('$', '.');
        Stream.of(type.getDeclaredConstructors()).forEach(constructor -> collect(constructor, name, places));
        Stream.of(type.getDeclaredMethods()).forEach(method -> collect(method, name + "." + method.getName(), places));
        Stream.of(type.getDeclaredClasses())
                .filter(nested -> Signatures.isPromised(nested.getModifiers()))
                .forEach(nested -> collect(nested, places));
    }

    private static void collect(Executable member, String name, Set<String> places) {
        if (Signatures.isPromised(member.getModifiers()) && !member.isSynthetic()) {
            Class<?>[] types = member.getParameterTypes();
            for (int i = 0; i < types.length; i++) {
                if (types[i] == Duration.class) {
                    places.add(name + " " + (i + 1) + "/" + types.length);
                }
            }
        }
    }
}
