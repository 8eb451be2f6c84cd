package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.Leases;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A run that is ended while code of the host's is at work on its thread. */
class HostCodeTest extends LoopFixture {
    private static final int NEVER_SECONDS = 30;

    private final CountDownLatch blocked = new CountDownLatch(1);
    private final AtomicBoolean leftInterrupted = new AtomicBoolean();

    private <T> T block(T otherwise) {
        if (blocked.getCount() == 0) {
            return otherwise;
        }
        blocked.countDown();
        return block(otherwise, new CountDownLatch(1));
    }

    private static <T> T block(T otherwise, CountDownLatch until) {
        try {
            until.await();
            return otherwise;
        } catch (InterruptedException e) {
            throw LoopFixture.<RuntimeException>sneak(e);
        }
    }

    private Outcome cancelledWhileBlocked(Conversation conversation) throws Exception {
        CompletableFuture<Outcome> outcome = new CompletableFuture<>();
        Thread caller = new Thread(() -> {
            try {
                Outcome ended = conversation.run("x");
                leftInterrupted.set(Thread.currentThread().isInterrupted());
                outcome.complete(ended);
            } catch (Throwable e) {
                leftInterrupted.set(Thread.currentThread().isInterrupted());
                outcome.completeExceptionally(e);
            }
        });
        caller.start();
        assertThat(blocked.await(NEVER_SECONDS, TimeUnit.SECONDS)).isTrue();
        conversation.cancel();
        return outcome.get(NEVER_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void cancel_whileAToolSaysItsTimeout_answersTheCall() throws Exception {
        Tool slow = new Tool() {
            @Override
            public Specification specification() {
                return ECHO.specification();
            }

            @Override
            public ToolOutput call(ToolCall call, ToolContext context) {
                return ToolOutput.text("ran");
            }

            @Override
            public Duration timeout() {
                return block(Duration.ofMinutes(1));
            }
        };
        Script script = new Script(calls(call("1", "echo")), says("done"));
        try (AgentLoop agent = agent(script, slow).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(cancelledWhileBlocked(conversation)).isInstanceOf(Outcome.Cancelled.class);
            assertThat(conversation.run("y").text()).isEqualTo("done");
        }
        assertThat(script.inputs(1))
                .contains("output:1:interrupted: the run was cancelled, while this call was running");
    }

    @Test
    void cancel_endsTheRun_whoseDirectListenerBlocksAtEachEventAgain() throws Exception {
        int many = 60;
        CountDownLatch begun = new CountDownLatch(many);
        TestTool waits = TestTool.reads("echo", (call, context) -> {
            begun.countDown();
            new CountDownLatch(1).await();
            return ToolOutput.text("never");
        });
        Item[] calls = new Item[many];
        for (int i = 0; i < many; i++) {
            calls[i] = call("c" + i, "echo");
        }
        AtomicBoolean cancelled = new AtomicBoolean();
        AtomicInteger told = new AtomicInteger();
        try (AgentLoop agent =
                agent(new Script(calls(calls), says("done")), waits).build()) {
            Conversation conversation = agent.newConversation();
            AgentListener blocking = event -> {
                if (cancelled.get()) {
                    told.incrementAndGet();
                    block(true, new CountDownLatch(1));
                }
            };
            CompletableFuture<Outcome> outcome =
                    CompletableFuture.supplyAsync(() -> conversation.run("x", at(blocking)));
            assertThat(begun.await(NEVER_SECONDS, TimeUnit.SECONDS)).isTrue();
            cancelled.set(true);
            conversation.cancel();
            assertThat(outcome.get(NEVER_SECONDS, TimeUnit.SECONDS)).isInstanceOf(Outcome.Cancelled.class);
            assertThat(told).hasValueGreaterThan(many);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cancel_whileThePolicyDecides_leavesNoCallOpen(boolean streamed) {
        Conversation[] conversation = new Conversation[1];
        Script script = new Script(
                (prompt, listener) -> {
                    Item[] both = {call("1", "echo"), call("2", "echo")};
                    if (streamed) {
                        List.of(both).forEach(listener::onItem);
                    }
                    return calls(both).answer(prompt, listener);
                },
                says("done"));
        try (AgentLoop agent = agent(script, ECHO)
                .approval((call, access) -> {
                    if (call.callId().equals("2")) {
                        conversation[0].cancel();
                    }
                    return ApprovalPolicy.Decision.allow();
                })
                .build()) {
            conversation[0] = agent.newConversation();
            Outcome outcome = conversation[0].run("x");
            assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
            assertThat(outcome.usage().input()).isPositive();
            assertThat(conversation[0].run("y").text()).isEqualTo("done");
        }
        assertThat(script.inputs(1))
                .startsWith("user:x", "call:1", "call:2")
                .contains("output:2:interrupted: the run was cancelled, before this call was started");
    }

    @Test
    void cancel_whileTheSourceOfToolsIsAsked_cancels_andChangesNothing() throws Exception {
        try (AgentLoop agent = agent(new Script(says("done")))
                .tools(() -> block(List.of(ECHO)))
                .build()) {
            Conversation conversation = agent.newConversation();
            assertThat(cancelledWhileBlocked(conversation)).isInstanceOf(Outcome.Cancelled.class);
            assertThat(conversation.version()).isZero();
            assertThat(conversation.run("y").text()).isEqualTo("done");
        }
    }

    @Test
    void cancel_whileTheStoreAppends_leavesTheCallersThreadUninterrupted() throws Exception {
        AtomicInteger appends = new AtomicInteger();
        ConversationStore slow = new ForwardingStore(store) {
            @Override
            public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
                appends.incrementAndGet();
                return block(appends.get() == 1 ? LogPosition.START : super.append(conversation, expected, entries));
            }
        };
        try (AgentLoop agent = agent(new Script(says("done"))).store(slow).build()) {
            Conversation conversation = agent.newConversation();
            assertThat(cancelledWhileBlocked(conversation)).isInstanceOf(Outcome.Cancelled.class);
            assertThat(leftInterrupted).isFalse();
            assertThat(conversation.run("y").text()).isEqualTo("done");
        }
    }

    @Test
    void timeIsUp_whileTheStoreLooksForAnotherOwner_isALimit() throws Exception {
        ConversationStore slow = new ForwardingStore(store) {
            @Override
            public Leases leases() {
                return new Leases() {
                    @Override
                    public String process() {
                        return "here";
                    }

                    @Override
                    public boolean alive(String process) throws InterruptedException {
                        new CountDownLatch(1).await();
                        return true;
                    }

                    @Override
                    public boolean held(long since) {
                        return true;
                    }
                };
            }
        };
        String id = "00000000-0000-7000-8000-000000000001";
        List<LogEntry> crashed = FaultSeed.entries();
        store.append(id, LogPosition.START, crashed);
        try (AgentLoop agent = agent(new Script(says("done"))).store(slow).build()) {
            Outcome outcome = agent.resume(id)
                    .run("x", RunOptions.DEFAULT.withLimits(Limits.NONE.withTime(Duration.ofMillis(50))));
            assertThat(outcome)
                    .isInstanceOfSatisfying(
                            Outcome.LimitReached.class,
                            reached -> assertThat(reached.limit()).isEqualTo(Limits.Kind.TIME));
            assertThat(Thread.currentThread().isInterrupted()).isFalse();
        }
    }

    /** The store as another process sees it, for which the owner of any turn is alive. */
    private ConversationStore ofAnotherProcess(FaultCell cell) {
        return new ForwardingStore(new FaultStore(store, cell, "there")) {
            @Override
            public Leases leases() {
                return new Leases() {
                    @Override
                    public String process() {
                        return "there";
                    }

                    @Override
                    public boolean alive(String process) {
                        return true;
                    }

                    @Override
                    public boolean held(long since) {
                        return true;
                    }
                };
            }
        };
    }

    @ParameterizedTest
    @EnumSource
    void leaveThatFails_isThatProcesssFailure_andTheRunGoesOn(FaultCell.Behaviour behaviour) throws Exception {
        FaultCell cell = new FaultCell("store.leave", behaviour, FaultCell.Moment.STREAM);
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<Throwable> refused = new CompletableFuture<>();
        try (AgentLoop here = agent(new Script(Script.hangs(begun), says("later")))
                        .store(new FaultStore(store, FaultCell.healthy(), "here"))
                        .build();
                AgentLoop there =
                        agent(new Script()).store(ofAnotherProcess(cell)).build()) {
            Conversation conversation = here.newConversation();
            CompletableFuture<Outcome> outcome = CompletableFuture.supplyAsync(() -> conversation.run("x"));
            assertThat(begun.await(NEVER_SECONDS, TimeUnit.SECONDS)).isTrue();
            cell.stage(FaultCell.Moment.STREAM);
            Conversation other = there.resume(conversation.id());
            Thread caller = new Thread(() -> refused.complete(catchThrowable(other::cancel)));
            caller.start();
            await().atMost(Duration.ofSeconds(NEVER_SECONDS)).until(cell::fired);
            caller.interrupt();
            assertThat(outcome).isNotDone();
            cell.release();
            Throwable failure = refused.get(NEVER_SECONDS, TimeUnit.SECONDS);
            if (behaviour == FaultCell.Behaviour.STUCK) {
                assertThat(failure).as("it was left in the end").isNull();
            } else {
                assertThat(failure)
                        .isInstanceOfSatisfying(
                                StoreException.class,
                                unknown -> assertThat(unknown.kind()).isEqualTo(StoreException.Kind.OUTCOME_UNKNOWN));
                other.cancel();
            }
            assertThat(outcome.get(NEVER_SECONDS, TimeUnit.SECONDS)).isInstanceOf(Outcome.Cancelled.class);
            assertThat(conversation.run("y").text()).isEqualTo("later");
        }
    }

    @Test
    void specification_isAskedForOnce_soThatNoRunIsInItsMidstWhenItFails() {
        AtomicInteger asked = new AtomicInteger();
        Tool moody = new Tool() {
            @Override
            public Specification specification() {
                if (asked.incrementAndGet() > 1) {
                    throw new IllegalStateException("asked again");
                }
                return ECHO.specification();
            }

            @Override
            public ToolOutput call(ToolCall call, ToolContext context) {
                return ToolOutput.text("ran");
            }
        };
        try (AgentLoop agent = agent(new Script(calls(call("1", "echo")), says("done"), says("later")), moody)
                .build()) {
            Conversation conversation = agent.newConversation();
            assertThat(conversation.run("x").text()).isEqualTo("done");
            assertThat(conversation.run("y").text()).isEqualTo("later");
        }
        assertThat(asked).hasValue(1);
    }

    @Test
    void specificationThatIsNull_isNamed() {
        Tool none = new Tool() {
            @Override
            public Specification specification() {
                return null;
            }

            @Override
            public ToolOutput call(ToolCall call, ToolContext context) {
                return ToolOutput.text("ran");
            }
        };
        assertThatThrownBy(() -> Toolbox.of(List.of(none)))
                .isInstanceOf(NullPointerException.class)
                .hasMessage("a tool of " + none.getClass() + " has no specification, but null");
    }

    @Test
    void failingStore_thatWasInterruptedByTheCaller_keepsTheInterrupt() {
        ConversationStore interrupted = new ForwardingStore(store) {
            @Override
            public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
                throw LoopFixture.<RuntimeException>sneak(new InterruptedException("by the caller"));
            }
        };
        try (AgentLoop agent = agent(new Script()).store(interrupted).build()) {
            Conversation conversation = agent.newConversation();
            assertThatThrownBy(() -> conversation.run("x")).isInstanceOf(StoreException.class);
            assertThat(Thread.interrupted()).isTrue();
        }
    }
}
