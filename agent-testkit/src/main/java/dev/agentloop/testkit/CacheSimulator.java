package dev.agentloop.testkit;

import dev.agentloop.Limits.Prices;
import dev.agentloop.Prompt;
import dev.agentloop.Usage;
import dev.agentloop.internal.Durations;
import dev.agentloop.internal.JsonFields;
import dev.agentloop.testkit.internal.cache.CacheMachine;
import dev.agentloop.testkit.internal.cache.CachedBody;
import dev.agentloop.testkit.internal.cache.CachedPrompt;
import dev.agentloop.testkit.internal.cache.CachedRequest;
import dev.agentloop.testkit.internal.cache.PrefixPoints;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Plays a provider's prompt cache, so that a test or a benchmark can say what a run costs with it, without it, and at
 * best, and which request broke the prefix.
 *
 * <pre>{@code
 * CacheSimulator cache = CacheSimulator.of(Profile.SINCE_GPT_5_6, Prices.of(2.00, 0.20, 2.50, 10.00), clock);
 * Model model = ScriptedModel.builder().cache(cache).otherwise(prompt -> …).build();
 * … run …
 * assertThat(cache.totals().aboveBest()).isLessThan(0.05);
 * }</pre>
 *
 * <p>The rules are those that OpenAI documents. A prefix is cached as the server orders it: output format and reasoning
 * settings, tools, instructions, then the input's items; other fields are no part of it. The first 256 tokens and the
 * {@code prompt_cache_key} choose the machine. A key's requests beyond its rate go to a further machine, which has a cache
 * of its own. What it does not play: explicit breakpoints, images by their pixels, other tenants' load.
 *
 * <p>A token has four bytes of JSON, counted over the whole prefix and rounded down: a longer prompt never has fewer
 * tokens, and a prefix has the tokens of a prefix. Real tokens are a few bytes each; ratios hold, sums are estimates. Money
 * is for the input alone.
 *
 * <p>A conversation is what shares a model and a key: give forks that are to be judged by themselves keys of their own. Each
 * request is compared with the one before it in its conversation, and costs time for what is new in it, so
 * a run of thousands of requests plays in a second or so. Thread-safe; requests are played in the order in which they come.
 */
public final class CacheSimulator {
    private static final int ROUTING_TOKENS = 256;

    private final Profile profile;
    private final Prices prices;
    private final LongSupplier clock;
    private final Map<String, Conversation> conversations = new HashMap<>();
    private final Map<String, CacheMachine.Route> routes = new HashMap<>();
    private final Map<String, CacheMachine> machines = new HashMap<>();
    private final List<Charge> charges = new ArrayList<>();

    /** The requests of one model and key. */
    private static final class Conversation {
        private final PrefixPoints points;
        private long playedAt;

        Conversation(PrefixPoints points) {
            this.points = points;
        }
    }

    private CacheSimulator(Profile profile, Prices prices, LongSupplier clock) {
        this.profile = profile;
        this.prices = prices;
        this.clock = clock;
    }

    /** A simulator with an empty cache, by the system's clock. */
    public static CacheSimulator of(Profile profile, Prices prices) {
        return of(profile, prices, Clock.systemUTC());
    }

    /**
     * A simulator with an empty cache.
     *
     * @param prices those of the input; the price of written tokens counts only where the profile reports them
     * @param clock tells when a request comes, for the cache's age and for the rate of requests
     */
    public static CacheSimulator of(Profile profile, Prices prices, Clock clock) {
        return new CacheSimulator(profile, prices, clock::millis);
    }

    /**
     * A simulator with an empty cache and a time of its own, on which a request comes each {@code pace}: a scripted run is
     * far faster than a real one, and by a real clock its requests would be too many in a minute.
     *
     * @param pace such as 5 s; 0 to 365 days
     */
    public static CacheSimulator of(Profile profile, Prices prices, Duration pace) {
        long step = Durations.checked("CacheSimulator.pace", pace, Duration.ZERO, Durations.YEAR)
                .toMillis();
        AtomicLong millis = new AtomicLong();
        return new CacheSimulator(profile, prices, () -> millis.addAndGet(step));
    }

    /**
     * How a model's provider caches. Immutable.
     *
     * @param minimumTokens the shortest prefix that is cached
     * @param stepTokens the granularity in tokens; 0 for exact, at the end of each request's last item
     * @param idle how long a prefix lives after it was used last
     * @param requestsPerMinute how many requests of one key a machine takes in any 60 s
     * @param reportsWrites whether written tokens are reported, and have a price of their own
     */
    public record Profile(
            int minimumTokens, int stepTokens, Duration idle, int requestsPerMinute, boolean reportsWrites) {
        /** Models before GPT-5.6: from 1,024 tokens on in steps of 128, for 5 idle minutes in memory, writes are free. */
        public static final Profile BEFORE_GPT_5_6 = new Profile(1024, 128, Duration.ofMinutes(5), 15, false);

        /** GPT-5.6 and later: from 1,024 tokens on, exact, for 30 minutes, writes are reported. */
        public static final Profile SINCE_GPT_5_6 = new Profile(1024, 0, Duration.ofMinutes(30), 15, true);

        /** Refuses negative numbers, a machine that takes no request, and more than 365 idle days. */
        public Profile {
            if (minimumTokens < 0 || stepTokens < 0 || requestsPerMinute < 1) {
                throw new IllegalArgumentException(
                        "a cache has a minimum and a step of 0 or more tokens and at least 1 request a minute; these are "
                                + minimumTokens + ", " + stepTokens + " and " + requestsPerMinute);
            }
            Durations.checked("CacheSimulator.Profile.idle", idle, Duration.ZERO, Durations.YEAR);
        }

        /** The same with another idle time, such as 24 hours. */
        public Profile withIdle(Duration time) {
            return new Profile(minimumTokens, stepTokens, time, requestsPerMinute, reportsWrites);
        }

        /** The same with another rate. */
        public Profile withRequestsPerMinute(int most) {
            return new Profile(minimumTokens, stepTokens, idle, most, reportsWrites);
        }
    }

    /**
     * What one request costs.
     *
     * @param number counts the simulator's requests from 1
     * @param at when it came
     * @param key its {@code prompt_cache_key}
     * @param usage its input tokens, as a server would report them
     * @param best its input tokens at best: all that the request before it in the same conversation had was read
     * @param cost money for {@code usage}
     * @param withoutCache money with no token read or written
     * @param bestCost money for {@code best}
     * @param remark why less was read than at best; empty where nothing was lost, or no more than a rounding
     */
    public record Charge(
            int number,
            Instant at,
            String key,
            Usage usage,
            Usage best,
            BigDecimal cost,
            BigDecimal withoutCache,
            BigDecimal bestCost,
            String remark) {

        /** Money beyond the best; below 0 where a prompt was too short to be written at the price of writing. */
        public BigDecimal lost() {
            return cost.subtract(bestCost);
        }

        /** The charge as a line. */
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "request %d: %,d tokens, %,d read, %,d written, %,d plain; cost %s, %s without a cache, %s at best%s",
                    number,
                    usage.input(),
                    usage.cached(),
                    usage.cacheWritten(),
                    usage.input() - usage.cached() - usage.cacheWritten(),
                    money(cost),
                    money(withoutCache),
                    money(bestCost),
                    remark.isEmpty() ? "" : "; lost " + money(lost()) + ": " + remark);
        }
    }

    /**
     * What a number of requests cost.
     *
     * @param best each input token written once, and read once by each later request of its conversation
     */
    public record Totals(
            int requests, Usage usage, Usage best, BigDecimal cost, BigDecimal withoutCache, BigDecimal bestCost) {
        private static final Totals NONE =
                new Totals(0, Usage.NONE, Usage.NONE, BigDecimal.ZERO, BigDecimal.ZERO, BigDecimal.ZERO);

        private Totals plus(Charge charge) {
            return new Totals(
                    requests + 1,
                    usage.plus(charge.usage()),
                    best.plus(charge.best()),
                    cost.add(charge.cost()),
                    withoutCache.add(charge.withoutCache()),
                    bestCost.add(charge.bestCost()));
        }

        /** The part by which the cost is above the best, 0.05 for 5 %; 0 where nothing was sent. */
        public double aboveBest() {
            return bestCost.signum() == 0 ? 0 : cost.subtract(bestCost).doubleValue() / bestCost.doubleValue();
        }

        /** The totals as a line. */
        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%,d requests: %,d tokens, %,d read, %,d written; cost %s, %s without a cache, %s at best (%+.1f %%)",
                    requests,
                    usage.input(),
                    usage.cached(),
                    usage.cacheWritten(),
                    money(cost),
                    money(withoutCache),
                    money(bestCost),
                    100 * aboveBest());
        }
    }

    private static String money(BigDecimal amount) {
        return amount.setScale(6, RoundingMode.HALF_UP).toPlainString();
    }

    /** Plays the request that sends this prompt. Gives the usage that the server would report, without the output. */
    public Usage next(Prompt prompt) {
        JsonFields head = JsonFields.of(prompt.head().getBytes(StandardCharsets.UTF_8));
        CachedPrompt request = new CachedPrompt(prompt, head);
        synchronized (this) {
            return play(conversation(request.model() + " " + request.key()), request);
        }
    }

    /**
     * Plays the request with this body, as a {@link ScriptedServer} receives it. Gives the usage that the server would
     * report, without the output.
     *
     * @param body must not be changed afterwards
     * @throws IllegalArgumentException if it is no request whose input is an array
     */
    public Usage next(byte[] body) {
        CachedBody.Head head = CachedBody.Head.of(body);
        synchronized (this) {
            Conversation conversation = conversation(head.id());
            return play(conversation, CachedBody.of(head, conversation.points.request()));
        }
    }

    private Conversation conversation(String id) {
        return conversations.computeIfAbsent(id, i -> new Conversation(new PrefixPoints(profile.stepTokens())));
    }

    private Usage play(Conversation conversation, CachedRequest request) {
        PrefixPoints points = conversation.points;
        CachedRequest before = points.request();
        long tokensBefore = points.tokens();
        long now = clock.getAsLong();
        long idle = now - conversation.playedAt;
        conversation.playedAt = now;
        points.next(request);
        int machineNumber = routes.computeIfAbsent(request.key(), key -> new CacheMachine.Route())
                .take(profile.requestsPerMinute(), now);
        CacheMachine machine = machine(request.key(), points, machineNumber);
        int read = machine.longest(points, now);
        machine.keep(points, read, now);
        Usage usage = usage(points, read);
        Usage best = usage(points.tokens(), Math.min(tokensBefore, points.tokens()));
        long unread = best.cached() - usage.cached();
        String remark = "";
        if (unread >= Math.max(1, profile.stepTokens())) {
            String difference = before == null ? "" : request.differenceTo(before);
            String why = difference.isEmpty()
                    ? why(best, machineNumber, idle)
                    : difference + " differs from the request before";
            remark = String.format(Locale.ROOT, "%,d tokens were not read: %s", unread, why);
        }
        charges.add(new Charge(
                charges.size() + 1,
                Instant.ofEpochMilli(now),
                request.key(),
                usage,
                best,
                prices.cost(usage),
                prices.cost(Usage.reported(usage.input(), 0, 0, 0, 0)),
                prices.cost(best),
                remark));
        return usage;
    }

    /** Why less was read than at best, though the request goes on from the one before. */
    private String why(Usage best, int machine, long idle) {
        if (machine > 0) {
            return "more than " + profile.requestsPerMinute() + " requests of the key in a minute, so machine "
                    + (machine + 1) + " took it";
        }
        if (idle > profile.idle().toMillis()) {
            return "the request before was " + Duration.ofMillis(idle) + " earlier, and the cache lives "
                    + profile.idle();
        }
        if (best.cached() < profile.minimumTokens()) {
            return "the request before was shorter than " + profile.minimumTokens() + " tokens";
        }
        return "the request before went to another machine";
    }

    private CacheMachine machine(String key, PrefixPoints points, int number) {
        String address = key + " " + points.start(ROUTING_TOKENS) + " " + number;
        return machines.computeIfAbsent(
                address, a -> new CacheMachine(profile.minimumTokens(), profile.stepTokens() == 0, profile.idle()));
    }

    private Usage usage(PrefixPoints points, int read) {
        long cached = read < 0 ? 0 : points.tokens(read);
        boolean cacheable = points.tokens() >= profile.minimumTokens();
        return cacheable ? usage(points.tokens(), cached) : Usage.reported(points.tokens(), 0, 0, 0, 0);
    }

    private Usage usage(long input, long cached) {
        return Usage.reported(input, cached, profile.reportsWrites() ? input - cached : 0, 0, 0);
    }

    /** What each request cost, in order. */
    public synchronized List<Charge> charges() {
        return List.copyOf(charges);
    }

    /** The requests that read less than they could have, in order, each with a remark that says why. */
    public List<Charge> losses() {
        return charges().stream().filter(charge -> !charge.remark().isEmpty()).toList();
    }

    /** What all requests together cost. */
    public Totals totals() {
        Totals totals = Totals.NONE;
        for (Charge charge : charges()) {
            totals = totals.plus(charge);
        }
        return totals;
    }

    /** The totals, and then a line for each request that read less than it could have. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder(totals().toString());
        losses().forEach(charge -> text.append('\n').append(charge));
        return text.toString();
    }
}
