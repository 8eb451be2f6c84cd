package dev.agentloop;

import static dev.agentloop.Script.breaksAfter;
import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A run ends, whatever the host's code does, and does nothing more afterwards. */
@Timeout(60)
class RunBoundsTest extends BoundsFixture {
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
                                        throw LoopFixture.<RuntimeException>sneak(new IOException("no console"));
                                    }))
                            .text())
                    .isEqualTo("done");
            assertThat(script.inputs(1))
                    .contains("output:1:refused by the user: the approver failed: java.io.IOException: no console");
        }

        @Test
        void modelThatThrowsWhatItDoesNotDeclare_isToldToTheHost() {
            Script script = new Script((prompt, listener) -> {
                throw LoopFixture.<RuntimeException>sneak(new IOException("no network"));
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
                        BoundsFixture.await(answered);
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
            try (AgentLoop agent = agent(script, new Within(Duration.ofMillis(50), write), ECHO)
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
        void timedOutTool_thatGoesOnAfterItsRun_isNotJoinedByTheNextRun() {
            CountDownLatch release = new CountDownLatch(1);
            TestTool write = TestTool.writes("write", (call, context) -> {
                boolean done = !call.callId().equals("1");
                while (!done) {
                    try {
                        done = release.await(LONG.toSeconds(), TimeUnit.SECONDS);
                    } catch (InterruptedException e) {
                        // It ignores its interrupt.
                    }
                }
                return ToolOutput.text("written");
            });
            Script script = new Script(calls(call("1", "write")), says("one"), calls(call("2", "write")), says("two"));
            try (AgentLoop agent =
                    agent(script, new Within(Duration.ofMillis(50), write)).build()) {
                Conversation conversation = agent.newConversation();
                assertThat(conversation.run("x").text()).isEqualTo("one");
                assertThat(conversation.run("y").text()).isEqualTo("two");
                release.countDown();
            }
            assertThat(script.inputs(3))
                    .contains(
                            "output:2:not run: an earlier call that was ended, agentloop tool write (call 1), is still"
                                    + " running, and a call that changes things runs alone. Try again later");
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
}
