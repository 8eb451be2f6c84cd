package dev.agentloop.openai;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.Compactor;
import dev.agentloop.Item;
import dev.agentloop.Limits;
import dev.agentloop.ModelException;
import dev.agentloop.Outcome;
import dev.agentloop.Tool.Access;
import dev.agentloop.openai.IdServer.Turn;
import dev.agentloop.openai.RawServer.Reply;
import dev.agentloop.openai.RawServer.Request;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.stores.FileStore;
import dev.agentloop.stores.MemoryStore;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Conversations with random servers that name calls as they please, repeat them and break off, over random turns, resumes
 * and compactions. Whatever they do, each call has one effect and one output, and no run goes on for ever.
 */
class RandomIdServersTest {
    private static final int SERVERS = Integer.getInteger("calls.servers", 1_000);
    private static final long SEED = Long.getLong("calls.seed", System.nanoTime());
    private static final int MOST_FAILURES = 5;
    private static final int SMALL_WINDOW = 3_000;
    private static final int HOSTS_AT_ONCE = 4;

    @TempDir
    Path folder;

    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<String, IdServer> servers = new ConcurrentHashMap<>();
    private RawServer socket;
    private final AtomicInteger turns = new AtomicInteger();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger effects = new AtomicInteger();

    @BeforeEach
    void listen() throws IOException {
        socket = RawServer.answering(this::route);
    }

    @AfterEach
    void stop() throws IOException {
        socket.close();
    }

    private Reply route(Request request) {
        String[] path = request.line().split(" ")[1].split("/");
        if (path[path.length - 1].equals("input_tokens")) {
            return Replies.json(
                    200, "{\"object\":\"response.input_tokens\",\"input_tokens\":" + request.body().length / 4 + "}");
        }
        return servers.get(path[2]).answer(request);
    }

    @Test
    void run_serversWithRandomIds_giveEachCallOneEffectAndOneOutput() throws Exception {
        playAll(SERVERS, false);
    }

    @Test
    void run_serversWithPlainIds_giveEachCallOneEffectAndOneOutput() throws Exception {
        playAll(Math.max(1, SERVERS / 10), true);
    }

    private void playAll(int count, boolean plain) throws InterruptedException {
        String name = (plain ? "plain" : "random") + " ids: ";
        System.out.println(name + "-Dcalls.seed=" + SEED + " -Dcalls.servers=" + count);
        List<String> failures = new CopyOnWriteArrayList<>();
        AtomicInteger played = new AtomicInteger();
        // A conversation waits most of its time, for its server and for the disk.
        ExecutorService hosts = Executors.newFixedThreadPool(HOSTS_AT_ONCE);
        for (int i = 0; i < count; i++) {
            long seed = SEED + i;
            hosts.execute(() -> {
                if (failures.size() < MOST_FAILURES) {
                    played.incrementAndGet();
                    failures.addAll(failures(seed, plain));
                }
            });
        }
        hosts.shutdown();
        assertThat(hosts.awaitTermination(30, TimeUnit.MINUTES)).isTrue();
        System.out.println(name + played + " servers, " + turns + " turns, " + requests + " requests, " + effects
                + " effects, " + failures.size() + " failures");
        assertThat(failures).isEmpty();
        assertThat(socket.failures()).isEmpty();
        assertThat(turns.get()).isGreaterThanOrEqualTo(count);
    }

    /** Plays one server; what went wrong, if anything did. */
    private List<String> failures(long seed, boolean plain) {
        IdServer server = new IdServer(seed, plain);
        servers.put(Long.toString(seed), server);
        Effects done = new Effects();
        try {
            play(new Random(~seed * 0x9E3779B97F4A7C15L), server, done, seed);
            return List.of();
        } catch (Exception | Error e) {
            return List.of("with -Dcalls.seed=" + seed + " -Dcalls.servers=1, " + server + ": "
                    + (server.violations().isEmpty() ? e : server.violations().get(0)));
        } finally {
            requests.addAndGet(server.requests());
            effects.addAndGet(done.all().size());
            servers.remove(Long.toString(seed));
            socket.requests().clear();
        }
    }

    private void play(Random random, IdServer server, Effects done, long seed) throws Exception {
        ConversationStore memory = new MemoryStore();
        boolean files = random.nextInt(10) == 0;
        Supplier<ConversationStore> stores =
                files ? () -> new FileStore(folder.resolve(Long.toString(seed))) : () -> memory;
        try (ResumingHost host = host(random, done, stores, seed)) {
            for (int left = 1 + random.nextInt(5); left > 0; left--) {
                turn(random, host, server, "task " + left);
                judge(host, server, done);
                between(random, host, files);
            }
        }
    }

    private ResumingHost host(Random random, Effects done, Supplier<ConversationStore> stores, long seed) {
        int window = random.nextInt(3) == 0 ? SMALL_WINDOW : 0;
        OpenAiModel model = OpenAiModel.builder("random")
                .baseUrl(socket.baseUrl() + "/" + seed)
                .httpClient(client)
                .settings(settings -> settings.contextWindow(window))
                .retries(ResumingHost.QUICK)
                .build();
        Compactor compactor = random.nextBoolean() ? new NewestMessageCompactor() : Compactor.withoutOldOutputs();
        return new ResumingHost(
                model,
                compactor,
                List.of(done.tool("echo", Access.WRITES, 2_100), done.tool("note", Access.READS, 10)),
                stores);
    }

    /** One turn, to its end, with or without a limit of steps on the way. */
    private void turn(Random random, ResumingHost host, IdServer server, String task) throws Exception {
        turns.incrementAndGet();
        Turn turn = server.beginTurn();
        boolean limited = turn == Turn.ENDS && !server.plain() && random.nextInt(4) == 0;
        Limits limits = limited ? Limits.NONE.withSteps(1 + random.nextInt(3)) : Limits.NONE;
        try {
            Outcome outcome = host.run(limits, Item.user(task));
            while (outcome instanceof Outcome.LimitReached
                    && server.violations().isEmpty()) {
                host.resume();
                outcome = host.run(limits);
            }
            assertEnd(turn, outcome, server);
        } catch (ModelException e) {
            assertThat(turn).as("turn that failed: %s", e.getMessage()).isIn(Turn.ERRORS_FOR_EVER, Turn.CUTS_FOR_EVER);
            assertThat(server.requestsOfTurn()).as("requests").isLessThanOrEqualTo(1 + ResumingHost.RETRIES);
        }
    }

    private static void assertEnd(Turn turn, Outcome outcome, IdServer server) {
        if (turn == Turn.NOTHING_FOR_EVER) {
            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            Outcome.Stopped.class,
                            stopped -> assertThat(stopped.reason()).isEqualTo(Outcome.Reason.EMPTY_ANSWER));
        } else {
            assertThat(turn).as("%s", outcome.describe()).isEqualTo(Turn.ENDS);
            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            assertThat(outcome.text()).isEqualTo(server.answer());
        }
    }

    private static void judge(ResumingHost host, IdServer server, Effects done) {
        assertThat(server.violations()).isEmpty();
        assertThat(done.repeated()).isEmpty();
        assertThat(done.differences(server.expected())).isEmpty();
        byte[] bytes = ResumingHost.bytes(host.prompt());
        assertThat(Arrays.equals(ResumingHost.bytes(host.promptOfAnother()), bytes))
                .as("the log folded again gives the same bytes")
                .isTrue();
        List<JsonNode> items = host.prompt().items().stream()
                .map(item -> Recording.tree(item.json()))
                .toList();
        List<JsonNode> sent = new ArrayList<>();
        server.lastInput().forEach(sent::add);
        assertThat(items.size()).isGreaterThanOrEqualTo(sent.size());
        assertThat(items.subList(0, sent.size()).equals(sent))
                .as("the log folded again begins with what was sent last")
                .isTrue();
    }

    private static void between(Random random, ResumingHost host, boolean files) throws Exception {
        if (random.nextInt(3) == 0) {
            host.compact();
        }
        if (random.nextInt(3) == 0) {
            host.resume();
        } else if (files && random.nextBoolean()) {
            host.reopen();
        }
        if (random.nextInt(6) == 0) {
            host.compact();
        }
    }
}
