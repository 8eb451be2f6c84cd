package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.agentloop.internal.control.EventBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How a listener is told of a run, on a thread of its own and on the run's. */
class ListenerDeliveryTest extends LoopFixture {
    private static final Duration NEVER = Duration.ofSeconds(30);

    private final List<AgentEvent> told = Collections.synchronizedList(new ArrayList<>());

    private static void takeTime(int rounds) {
        for (int i = 0; i < rounds; i++) {
            Thread.onSpinWait();
        }
    }

    private static Script.Line streams(int pieces) {
        return (prompt, listener) -> {
            for (int i = 0; i < pieces; i++) {
                listener.onDelta(Model.DeltaKind.TEXT, i % 10 + "");
            }
            return ModelResponse.of(List.of(message("done")), Usage.NONE);
        };
    }

    private List<String> kinds(RunOptions.Delivery delivery) {
        told.clear();
        Script script = new Script(calls(call("1", "echo"), call("2", "echo")), streams(50));
        // One after the other, so that the order of their events is always the same.
        TestTool alone = TestTool.writes("echo", (call, context) -> ToolOutput.text(call.callId()));
        try (AgentLoop agent = agent(script, alone).build()) {
            agent.newConversation().run("x", RunOptions.listeningWith(told::add).withDelivery(delivery));
            assertThat(told.get(told.size() - 1)).isInstanceOf(AgentEvent.RunEnded.class);
            return told.stream()
                    .map(event -> event.getClass().getSimpleName()
                            + (event instanceof AgentEvent.Delta delta ? delta.text() : ""))
                    .toList();
        }
    }

    @Test
    void events_areTheSameInTheSameOrder_onBothThreads() {
        List<String> direct = kinds(RunOptions.Delivery.DIRECT);
        assertThat(direct).hasSizeGreaterThan(60).contains("ToolEnded");
        assertThat(kinds(RunOptions.Delivery.BUFFERED)).isEqualTo(direct);
    }

    @ParameterizedTest
    @EnumSource
    void listener_isToldOneAtATime_onOneThread(RunOptions.Delivery delivery) {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        List<String> names = Collections.synchronizedList(new ArrayList<>());
        Script script = new Script(calls(call("1", "echo"), call("2", "echo")), streams(2_000));
        try (AgentLoop agent = agent(script, ECHO).build()) {
            Conversation conversation = agent.newConversation();
            AgentListener listener = event -> {
                most.accumulateAndGet(inside.incrementAndGet(), Math::max);
                names.add(Thread.currentThread().getName());
                takeTime(100);
                inside.decrementAndGet();
            };
            conversation.run("x", RunOptions.listeningWith(listener).withDelivery(delivery));
            assertThat(most).hasValue(1);
            assertThat(names)
                    .containsOnly(
                            delivery == RunOptions.Delivery.DIRECT
                                    ? Thread.currentThread().getName()
                                    : "agentloop listener of " + conversation.id());
        }
    }

    @Test
    void runEnded_isDelivered_beforeRunReturns() {
        for (int i = 0; i < 50; i++) {
            told.clear();
            try (AgentLoop agent = agent(new Script(streams(20))).build()) {
                Outcome outcome = agent.newConversation().run("x", RunOptions.listeningWith(event -> {
                    takeTime(100);
                    told.add(event);
                }));
                assertThat(told.get(told.size() - 1)).isEqualTo(new AgentEvent.RunEnded(outcome));
            }
        }
    }

    @Test
    void runEnded_isDelivered_toTheCallerWhoWasInterrupted() {
        Script script = new Script(Script.hangs(new CountDownLatch(1)));
        Thread caller = Thread.currentThread();
        try (AgentLoop agent = agent(script).build()) {
            Outcome outcome = agent.newConversation().run("x", RunOptions.listeningWith(event -> {
                if (event instanceof AgentEvent.StepStarted) {
                    caller.interrupt();
                }
                takeTime(100);
                told.add(event);
            }));
            assertThat(Thread.interrupted()).as("the caller's interrupt stays").isTrue();
            assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
            assertThat(told.get(told.size() - 1)).isEqualTo(new AgentEvent.RunEnded(outcome));
        }
    }

    /** Blocks the listener at its first event, until the run has said all that it has to say. */
    private List<AgentEvent> behind(CountDownLatch allSaid, Script.Line... lines) {
        told.clear();
        try (AgentLoop agent = agent(new Script(lines)).build()) {
            Outcome outcome = agent.newConversation().run("x", RunOptions.listeningWith(event -> {
                try {
                    allSaid.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                told.add(event);
            }));
            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            return List.copyOf(told);
        }
    }

    private static String text(List<AgentEvent> events) {
        return events.stream()
                .map(event -> event instanceof AgentEvent.Delta delta ? delta.text() : "|")
                .collect(Collectors.joining())
                .replaceAll("\\|+", "|");
    }

    @Test
    void deltas_areMergedAndNotDropped_whereTheListenerIsBehind() {
        CountDownLatch allSaid = new CountDownLatch(1);
        List<AgentEvent> events = behind(allSaid, (prompt, listener) -> {
            ModelResponse whole = streams(20_000).answer(prompt, listener);
            allSaid.countDown();
            return whole;
        });
        assertThat(events).hasSizeLessThan(2 * EventBuffer.MOST_EVENTS);
        assertThat(text(events)).isEqualTo("|" + "0123456789".repeat(2_000) + "|");
    }

    @Test
    void deltas_areNotMerged_acrossAnItemOrARetry() {
        CountDownLatch allSaid = new CountDownLatch(1);
        List<AgentEvent> events = behind(allSaid, (prompt, listener) -> {
            for (int i = 0; i < 1_500; i++) {
                listener.onDelta(Model.DeltaKind.TEXT, "a");
            }
            ModelException cause =
                    ModelException.of(ModelException.Kind.SERVER, "broke").build();
            listener.onRetry(1, Duration.ZERO, cause);
            for (int i = 0; i < 1_500; i++) {
                listener.onDelta(Model.DeltaKind.TEXT, "b");
            }
            listener.onItem(message("first"));
            for (int i = 0; i < 1_500; i++) {
                listener.onDelta(Model.DeltaKind.TEXT, "c");
            }
            listener.onItem(message("second"));
            allSaid.countDown();
            return ModelResponse.of(List.of(message("first"), message("second")), Usage.NONE);
        });
        List<AgentEvent> deltas = events.stream()
                .filter(event -> event instanceof AgentEvent.Delta || event instanceof AgentEvent.Retrying)
                .toList();
        assertThat(deltas.size()).isLessThan(2_100);
        // Without its deltas that stand together, what is left of each is one letter.
        assertThat(text(deltas)).isEqualTo("a".repeat(1_500) + "|" + "b".repeat(1_500) + "c".repeat(1_500));
        assertThat(deltas)
                .allMatch(event -> !(event instanceof AgentEvent.Delta delta)
                        || delta.text().chars().distinct().count() == 1);
    }

    @Test
    void slowListener_hearsTheSameText_whateverIsStreamed() {
        long seed = Long.getLong("agentloop.seed", 20_261_131L);
        System.err.println("seed " + seed);
        Random random = new Random(seed);
        StringBuilder said = new StringBuilder();
        Random pace = new Random(seed + 1);
        Script script = new Script((prompt, listener) -> {
            for (int i = 0; i < 10_000; i++) {
                String piece = Integer.toString(random.nextInt(), 36).repeat(1 + random.nextInt(60));
                said.append(piece);
                listener.onDelta(Model.DeltaKind.TEXT, piece);
            }
            return ModelResponse.of(List.of(message("done")), Usage.NONE);
        });
        try (AgentLoop agent = agent(script).build()) {
            agent.newConversation().run("x", RunOptions.listeningWith(event -> {
                takeTime(pace.nextInt(20_000));
                told.add(event);
            }));
        }
        assertThat(text(told)).isEqualTo("|" + said + "|");
    }

    @ParameterizedTest
    @EnumSource
    void listenerThatThrowsErrors_isLoggedOnce_andHearsAll(RunOptions.Delivery delivery) {
        try (FaultLog log = FaultLog.open();
                AgentLoop agent = agent(new Script(streams(100))).build()) {
            Conversation conversation = agent.newConversation();
            Outcome outcome = conversation.run(
                    "x",
                    RunOptions.listeningWith(event -> {
                                told.add(event);
                                throw new StackOverflowError("of the listener");
                            })
                            .withDelivery(delivery));
            assertThat(outcome).isInstanceOf(Outcome.Finished.class);
            assertThat(told).hasSizeGreaterThan(100);
            assertThat(log.of(conversation.id()).stream().filter(line -> line.contains("listener")))
                    .containsExactly("WARN conversation " + conversation.id()
                            + ": the listener failed at RunStarted; the run goes on, further failures are not logged");
        }
    }

    private Outcome atStep(RunOptions.Delivery delivery, Conversation conversation, Runnable act) {
        AtomicInteger steps = new AtomicInteger();
        Outcome outcome = conversation.run(
                "x",
                RunOptions.listeningWith(event -> {
                            told.add(event);
                            if (event instanceof AgentEvent.StepStarted && steps.incrementAndGet() == 1) {
                                act.run();
                            }
                        })
                        .withDelivery(delivery));
        await().atMost(NEVER)
                .untilAsserted(() -> assertThat(told.get(told.size() - 1)).isEqualTo(new AgentEvent.RunEnded(outcome)));
        return outcome;
    }

    @ParameterizedTest
    @EnumSource
    void listenerMayCancel_itsOwnRun(RunOptions.Delivery delivery) {
        Script script = new Script(Script.hangs(new CountDownLatch(1)), says("later"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(atStep(delivery, conversation, conversation::cancel)).isInstanceOf(Outcome.Cancelled.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
            assertThat(
                            script.prompts.isEmpty()
                                    ? "later"
                                    : conversation.run("again").text())
                    .isEqualTo("later");
        }
    }

    @ParameterizedTest
    @EnumSource
    void listenerMaySteer_itsOwnRun(RunOptions.Delivery delivery) {
        CountDownLatch steered = new CountDownLatch(1);
        Script script = new Script(
                (prompt, listener) -> {
                    steered.await();
                    return calls(call("1", "echo")).answer(prompt, listener);
                },
                says("done"));
        try (AgentLoop agent = agent(script, ECHO).build()) {
            Conversation conversation = agent.newConversation();
            Outcome outcome = atStep(delivery, conversation, () -> {
                conversation.steer("by the way");
                steered.countDown();
            });
            assertThat(outcome.text()).isEqualTo("done");
        }
        assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:<1>", "user:by the way");
    }

    @ParameterizedTest
    @EnumSource
    void listenerMayClose_theAgentOfItsOwnRun(RunOptions.Delivery delivery) {
        try (AgentLoop agent =
                agent(new Script(Script.hangs(new CountDownLatch(1)))).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(atStep(delivery, conversation, agent::close)).isInstanceOf(Outcome.Cancelled.class);
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    @Test
    void directListener_hasTheThreadLocalsOfTheCaller() {
        ThreadLocal<String> user = new ThreadLocal<>();
        user.set("me");
        List<String> seen = new ArrayList<>();
        try (AgentLoop agent = agent(new Script(says("done"))).build()) {
            agent.newConversation().run("x", at(event -> seen.add(user.get())));
        }
        assertThat(seen).isNotEmpty().containsOnly("me");
    }
}
