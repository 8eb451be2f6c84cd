package dev.agentloop;

import static dev.agentloop.Script.breaksAfter;
import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A run ends, whatever the host's code does, and does nothing more afterwards. */
@Timeout(60)
class RunBoundsTest extends LoopFixture {
    private static final Duration LONG = Duration.ofSeconds(30);

    /** A store that can be made to fail or to wait. */
    private static final class Odd extends ForwardingStore {
        private volatile Predicate<List<LogEntry>> fails = entries -> false;
        private volatile CountDownLatch loads = new CountDownLatch(0);
        private final CountDownLatch loading = new CountDownLatch(1);

        Odd(ConversationStore store) {
            super(store);
        }

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            if (fails.test(entries)) {
                throw new StoreException(StoreException.Kind.UNAVAILABLE, "disk full");
            }
            return super.append(conversation, expected, entries);
        }

        @Override
        public List<LogEntry> load(String conversation) {
            if (loads.getCount() > 0) {
                loading.countDown();
            }
            await(loads);
            return super.load(conversation);
        }
    }

    private final Odd odd = new Odd(store);

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> RuntimeException sneak(Throwable failure) throws E {
        throw (E) failure;
    }

    private static void await(CountDownLatch latch) {
        try {
            if (!latch.await(LONG.toSeconds(), TimeUnit.SECONDS)) {
                fail("waited in vain");
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static <T> T get(CompletableFuture<T> future) throws Exception {
        try {
            return future.get(LONG.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new AssertionError("the run has not ended", e);
        }
    }

    private CompletableFuture<Outcome> start(Conversation conversation, String input, RunOptions options) {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            try {
                outcome.complete(conversation.run(input, options));
            } catch (Throwable e) {
                outcome.completeExceptionally(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return outcome;
    }

    @Nested
    class OddHosts {
        private Outcome outcome(AgentLoop.Builder builder) {
            try (AgentLoop agent = builder.build()) {
                return agent.newConversation().run("x");
            }
        }

        private Script oneCall() {
            return new Script(calls(call("1", "echo")), says("done"));
        }

        @Test
        void listenersError_atAToolsStart_isDropped() {
            for (RunOptions.Delivery delivery : RunOptions.Delivery.values()) {
                try (AgentLoop agent = agent(oneCall(), ECHO).build()) {
                    Outcome outcome = agent.newConversation()
                            .run(
                                    "x",
                                    RunOptions.listeningWith(event -> {
                                                if (event instanceof AgentEvent.ToolStarted) {
                                                    throw new AssertionError("a listener of a test");
                                                }
                                            })
                                            .withDelivery(delivery));
                    assertThat(outcome.text()).isEqualTo("done");
                }
            }
        }

        @Test
        void toolsTimeout_thatIsNone_isTheRuns() {
            List<Duration> odd = new ArrayList<>(List.of(
                    Duration.ofSeconds(Long.MAX_VALUE),
                    ChronoUnit.FOREVER.getDuration(),
                    Duration.ZERO,
                    Duration.ofSeconds(-5),
                    Duration.ofSeconds(Long.MIN_VALUE)));
            odd.add(null);
            for (Duration timeout : odd) {
                Tool tool = new Tool() {
                    @Override
                    public Specification specification() {
                        return ECHO.specification();
                    }

                    @Override
                    public ToolOutput call(ToolCall call, ToolContext context) {
                        return ToolOutput.text("ok");
                    }

                    @Override
                    public Duration timeout() {
                        return timeout;
                    }
                };
                assertThat(outcome(agent(oneCall(), tool)).text()).isEqualTo("done");
            }
        }

        @Test
        void approverThatThrowsWhatItDoesNotDeclare_refuses() {
            Script script = oneCall();
            assertThat(outcome(agent(script, ECHO)
                                    .approval((call, access) -> ApprovalPolicy.Decision.ask("?"))
                                    .approver(question -> {
                                        throw RunBoundsTest.<RuntimeException>sneak(new IOException("no console"));
                                    }))
                            .text())
                    .isEqualTo("done");
            assertThat(script.inputs(1))
                    .contains("output:1:refused by the user: the approver failed: java.io.IOException: no console");
        }

        @Test
        void modelThatThrowsWhatItDoesNotDeclare_isToldToTheHost() {
            Script script = new Script((prompt, listener) -> {
                throw RunBoundsTest.<RuntimeException>sneak(new IOException("no network"));
            });
            assertThatThrownBy(() -> outcome(agent(script)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("the model threw java.io.IOException: no network, which it does not declare");
        }

        @Test
        void modelThatGivesNull_isToldToTheHost() {
            assertThatThrownBy(() -> outcome(agent(new Script((prompt, listener) -> null))))
                    .isInstanceOf(ModelException.class)
                    .hasMessage("the model returned null from respond(), which has to be a response or an exception;"
                            + " look at what implements Model");
        }

        @Test
        void policyThatDecidesNull_refuses() {
            Script script = oneCall();
            assertThat(outcome(agent(script, ECHO).approval((call, access) -> null))
                            .text())
                    .isEqualTo("done");
            assertThat(script.inputs(1)).contains("output:1:refused: the approval policy gave no decision");
        }

        @Test
        void threadsThatCannotBeMade_areToldToTheHost_andCostNothing() {
            Script script = oneCall();
            assertThatThrownBy(() -> outcome(agent(script).threads(task -> null)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("no thread could be started for agentloop model (step 1): ");
            assertThatThrownBy(() -> outcome(agent(script).threads(task -> {
                        throw new OutOfMemoryError("unable to create native thread");
                    })))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("no thread could be started for agentloop model (step 1): java.lang.OutOfMemoryError:"
                            + " unable to create native thread");
            assertThat(script.prompts).isEmpty();
        }

        @Test
        void toolWithoutAThread_isAnOutput() {
            AtomicInteger made = new AtomicInteger();
            CountDownLatch answered = new CountDownLatch(1);
            Script script = new Script(
                    (prompt, listener) -> {
                        listener.onItem(call("1", "echo"));
                        RunBoundsTest.await(answered);
                        return ModelResponse.of(List.of(call("1", "echo")), Usage.NONE);
                    },
                    says("done"));
            AgentLoop.Builder builder = agent(script, ECHO).threads(task -> {
                if (made.incrementAndGet() == 2) {
                    throw new OutOfMemoryError("unable to create native thread");
                }
                Thread thread = new Thread(task);
                thread.setDaemon(true);
                return thread;
            });
            try (AgentLoop agent = builder.build()) {
                Outcome outcome = agent.newConversation().run("x", at(event -> {
                    if (event instanceof AgentEvent.ToolEnded) {
                        answered.countDown();
                    }
                }));
                assertThat(outcome.text()).isEqualTo("done");
            }
            assertThat(script.inputs(1)).contains("output:1:echo was not run: no thread could be started for it");
        }
    }

    @Nested
    class AfterTheEnd {
        @Test
        void failedRun_readsNoStream_triesNothingAgain_andStartsNoTool() throws Exception {
            CountDownLatch failed = new CountDownLatch(1);
            List<String> seen = Collections.synchronizedList(new ArrayList<>());
            CompletableFuture<Throwable> left = new CompletableFuture<>();
            Script script = new Script((prompt, listener) -> {
                try {
                    listener.onItem(call("1", "echo"));
                    while (failed.getCount() > 0) {
                        Thread.onSpinWait(); // It does not hear its interrupt.
                    }
                    listener.onItem(call("2", "write"));
                    seen.add("went on");
                } catch (Throwable e) {
                    left.complete(e);
                    Thread.interrupted();
                    throw ModelException.of(ModelException.Kind.TRANSPORT, "broke")
                            .build();
                }
                return ModelResponse.of(List.of(), Usage.NONE);
            });
            TestTool write = TestTool.writes("write", (call, context) -> {
                seen.add("wrote");
                return ToolOutput.text("");
            });
            odd.fails =
                    entries -> entries.stream().anyMatch(entry -> entry.kind().equals("item.model"));
            try (AgentLoop agent = agent(script, ECHO, write).store(odd).build()) {
                assertThatThrownBy(() -> agent.newConversation().run("x")).hasMessage("disk full");
                failed.countDown();
                assertThat(get(left)).hasMessage("the run that this response was for has ended");
            }
            assertThat(seen).isEmpty();
            assertThat(script.prompts).as("nobody tries again").hasSize(1);
        }

        @Test
        void timedOutTool_thatGoesOn_isNotJoinedByAnotherThatWrites() {
            CountDownLatch release = new CountDownLatch(1);
            AtomicInteger atWork = new AtomicInteger();
            AtomicInteger most = new AtomicInteger();
            TestTool write = TestTool.writes("write", (call, context) -> {
                most.accumulateAndGet(atWork.incrementAndGet(), Math::max);
                boolean done = false;
                while (call.callId().equals("1") && !done) {
                    try {
                        done = release.await(LONG.toSeconds(), TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        // It ignores its interrupt.
                    }
                }
                atWork.decrementAndGet();
                return ToolOutput.text("written");
            });
            Script script =
                    new Script(calls(call("1", "write"), call("2", "write"), call("3", "echo")), (prompt, listener) -> {
                        release.countDown();
                        return ModelResponse.of(List.of(Script.message("done")), Usage.NONE);
                    });
            try (AgentLoop agent = agent(script, write, ECHO)
                    .limits(Limits.NONE.withToolTimeout(Duration.ofMillis(50)))
                    .build()) {
                assertThat(agent.newConversation().run("x").text()).isEqualTo("done");
            }
            assertThat(most).hasValue(1);
            assertThat(script.inputs(1))
                    .contains(
                            "output:1:tool timed out after 50 milliseconds; it may have had its effect or not",
                            "output:2:not run: an earlier call that was ended, agentloop tool write (call 1), is still"
                                    + " running, and a call that changes things runs alone. Try again later",
                            "output:3:<3>");
        }

        @Test
        void streamThatBreaksAfterAReplayedCall_isTriedAgain() {
            Script script = new Script(breaksAfter(call("1", "echo")), breaksAfter(call("1", "echo")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                assertThat(run(agent.newConversation(), "x").text()).isEqualTo("done");
            }
            assertThat(script.prompts).hasSize(3);
        }

        @Test
        void stepEnded_comesAfterAllCallsOfTheStep() {
            Script script = new Script(calls(call("1", "echo"), call("2", "echo")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                run(agent.newConversation(), "x");
            }
            List<String> order = events.stream()
                    .filter(event -> event instanceof AgentEvent.ToolEnded
                            || event instanceof AgentEvent.StepEnded
                            || event instanceof AgentEvent.CacheUsed)
                    .map(event -> event.getClass().getSimpleName())
                    .toList();
            assertThat(order)
                    .containsExactly("ToolEnded", "ToolEnded", "StepEnded", "CacheUsed", "StepEnded", "CacheUsed");
        }
    }

    @Nested
    class Beginnings {
        @Test
        void cancel_reachesARunThatReadsItsLog_andReadersReadTheStore() throws Exception {
            try (AgentLoop agent = agent(new Script(says("first"), says("never")), ECHO)
                    .store(odd)
                    .build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("one");
                odd.loads = new CountDownLatch(1);
                CompletableFuture<Outcome> run = start(conversation, "two", RunOptions.DEFAULT);
                await(odd.loading);
                assertThat(conversation.steer("more"))
                        .as("there is a run to steer")
                        .isTrue();
                conversation.cancel();
                assertThat(get(run)).isInstanceOf(Outcome.Cancelled.class);
                odd.loads.countDown();
                assertThat(conversation.prompt().size()).isEqualTo(2);
            }
        }

        @Test
        void reading_whileARunBegins_givesWhatTheStoreHas() throws Exception {
            CountDownLatch begun = new CountDownLatch(1);
            Script script = new Script(says("first"), Script.hangs(begun));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("one");
                CompletableFuture<Outcome> run = start(conversation, "two", RunOptions.DEFAULT);
                await(begun);
                assertThat(conversation.prompt().size()).isEqualTo(3);
                assertThat(conversation.compactions()).isEmpty();
                conversation.cancel();
                get(run);
            }
        }

        @Test
        void cancel_reachesRunsThatWaitInTheQueue() throws Exception {
            CountDownLatch begun = new CountDownLatch(1);
            Script script = new Script(Script.hangs(begun), says("never"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                CompletableFuture<Outcome> first = start(conversation, "one", RunOptions.DEFAULT);
                await(begun);
                CompletableFuture<Outcome> second =
                        start(conversation, "two", RunOptions.DEFAULT.withWhenBusy(RunOptions.WhenBusy.QUEUE));
                while (!someoneQueues()) {
                    Thread.onSpinWait();
                }
                conversation.cancel();
                assertThat(get(first)).isInstanceOf(Outcome.Cancelled.class);
                assertThat(get(second)).isInstanceOf(Outcome.Cancelled.class);
                assertThat(script.prompts).hasSize(1);
                assertThat(conversation.prompt().items())
                        .as("its input is not kept")
                        .hasSize(1);
            }
        }

        private boolean someoneQueues() {
            return Thread.getAllStackTraces().values().stream()
                    .anyMatch(stack -> Arrays.stream(stack)
                                    .anyMatch(frame -> frame.getClassName().endsWith(".Semaphore"))
                            && Arrays.stream(stack)
                                    .anyMatch(frame -> frame.getClassName().endsWith(".Turns")));
        }

        @Test
        void messageInTheInbox_isAnswered_andNotTheAnswerBeforeIt() {
            Script script = new Script(says("first"), says("second"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("one");
                byte[] input = ("{\"items\":[" + Item.user("two").json() + "]}").getBytes(UTF_8);
                store.leave(conversation.id(), InboxMessage.of(UUID.randomUUID().toString(), "input", input));
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("second");
            }
            assertThat(script.inputs(1)).containsExactly("user:one", "assistant:first", "user:two");
        }

        @Test
        void messagesOfARunThatTheStoreFailed_areSaidByTheNext() throws Exception {
            CountDownLatch inTool = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            TestTool slow = TestTool.reads("slow", (call, context) -> {
                inTool.countDown();
                RunBoundsTest.await(go);
                return ToolOutput.text("ok");
            });
            Script script = new Script(calls(call("1", "slow")), says("done"));
            try (AgentLoop agent = agent(script, slow).store(odd).build()) {
                Conversation conversation = agent.newConversation();
                CompletableFuture<Outcome> run = start(conversation, "x", RunOptions.DEFAULT);
                await(inTool);
                assertThat(conversation.steer("also check the tests")).isTrue();
                assertThat(conversation.run("and the docs", RunOptions.DEFAULT.withWhenBusy(RunOptions.WhenBusy.STEER)))
                        .isInstanceOf(Outcome.HandedOver.class);
                odd.fails = entries -> true;
                go.countDown();
                assertThatThrownBy(() -> get(run)).hasRootCauseMessage("disk full");
                odd.fails = entries -> false;
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
                assertThat(script.inputs(1)).endsWith("user:also check the tests", "user:and the docs");
            }
        }
    }

    @Nested
    class Closing {
        @Test
        void close_endsWhatRuns_andWhatWaits() throws Exception {
            CountDownLatch inTool = new CountDownLatch(1);
            TestTool write = TestTool.writes("write", (call, context) -> {
                inTool.countDown();
                new CountDownLatch(1).await();
                return ToolOutput.text("never");
            });
            Script script = new Script(calls(call("1", "write"), call("2", "write")));
            AgentLoop agent = agent(script, write).build();
            Conversation conversation = agent.newConversation();
            CompletableFuture<Outcome> run = start(conversation, "x", RunOptions.DEFAULT);
            await(inTool);
            agent.close();
            assertThat(get(run)).isInstanceOf(Outcome.Cancelled.class);
            String closed = "this agent is closed; build another one to run conversations";
            assertThatThrownBy(() -> conversation.run("y"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(closed);
            assertThatThrownBy(() -> conversation.append(List.of(Item.user("y"))))
                    .hasMessage(closed);
            assertThatThrownBy(() -> conversation.compact(RunOptions.DEFAULT)).hasMessage(closed);
            assertThat(conversation.prompt().items())
                    .as("what is there can be read")
                    .last()
                    .satisfies(item -> assertThat(((Item.Output) item).text())
                            .isEqualTo("interrupted: the agent was closed, before this call was started"));
        }

        @Test
        void close_letsRunsEnd_forAsLongAsTheHostSays() throws Exception {
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            Script script = new Script((prompt, listener) -> {
                begun.countDown();
                RunBoundsTest.await(go);
                return ModelResponse.of(List.of(Script.message("done")), Usage.NONE);
            });
            AgentLoop agent = agent(script).build();
            Conversation conversation = agent.newConversation();
            CompletableFuture<Outcome> run = start(conversation, "x", RunOptions.DEFAULT);
            await(begun);
            AtomicBoolean closed = new AtomicBoolean();
            Thread closing = new Thread(() -> {
                agent.close(LONG);
                closed.set(true);
            });
            closing.start();
            while (true) {
                try {
                    conversation.run("y");
                } catch (Conversation.BusyException e) {
                    continue; // Not closed yet.
                } catch (IllegalStateException e) {
                    break;
                }
            }
            assertThat(closed).isFalse();
            go.countDown();
            assertThat(get(run).text()).isEqualTo("done");
            closing.join();
            assertThatThrownBy(() -> agent.close(Duration.ofSeconds(-1)))
                    .hasMessage("the time to drain is zero or more, but this is PT-1S");
        }

        @Test
        void close_bySomethingThatTheRunWaitsFor_returns() {
            AtomicInteger closes = new AtomicInteger();
            AgentLoop[] agent = new AgentLoop[1];
            TestTool closing = TestTool.writes("closing", (call, context) -> {
                agent[0].close();
                closes.incrementAndGet();
                return ToolOutput.text("never");
            });
            agent[0] = agent(new Script(calls(call("1", "closing"))), closing).build();
            assertThat(agent[0].newConversation().run("x")).isInstanceOf(Outcome.Cancelled.class);
            agent[0] = agent(new Script(says("one"))).build();
            Outcome outcome = agent[0].newConversation().run("x", at(event -> {
                if (event instanceof AgentEvent.StepStarted) {
                    agent[0].close();
                    closes.incrementAndGet();
                }
            }));
            assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
            assertThat(closes.get()).isPositive();
        }
    }
}
