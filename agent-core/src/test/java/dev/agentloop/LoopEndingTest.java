package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.reasoning;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The ways in which a run ends. */
class LoopEndingTest extends LoopFixture {
    @Nested
    class Approvals {
        private final TestTool danger = new TestTool(
                "danger", Tool.Access.UNRESTRICTED, Tool.AfterCrash.REPORT, (call, context) -> ToolOutput.text("boom"));

        @Test
        void withoutApprover_theRunEnds_andAnotherProcessDecides() {
            Script script = new Script(calls(call("1", "danger"), call("2", "echo")));
            String id;
            try (AgentLoop agent = agent(script, danger, ECHO).build()) {
                Outcome outcome = run(agent.newConversation(), "x");
                id = outcome.conversation();
                Outcome.AwaitingApproval awaiting = (Outcome.AwaitingApproval) outcome;
                assertThat(awaiting.pending())
                        .extracting(Outcome.Pending::callId)
                        .containsExactly("1");
                assertThat(awaiting.pending().get(0).question())
                        .isEqualTo("This call of danger may do anything that this process may, and the rights are"
                                + " workspace-write.");
            }
            Script next = new Script(says("done"));
            try (AgentLoop agent = agent(next, danger, ECHO).build()) {
                Conversation conversation = agent.resume(id);
                assertThatThrownBy(() -> conversation.run("new input"))
                        .hasMessage("conversation " + id
                                + " awaits approval of 1; approve or deny that first, then go on with new input");
                assertThatThrownBy(() -> conversation.approve("2"))
                        .hasMessage("no call 2 of conversation " + id + " awaits approval; these do: [1]");
                conversation.approve("1");
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("done");
            }
            assertThat(next.inputs(0)).containsExactly("user:x", "call:1", "call:2", "output:1:boom", "output:2:<2>");
        }

        @Test
        void refusal_isToldToTheModel() {
            Script script = new Script(calls(call("1", "danger")), says("done"));
            try (AgentLoop agent = agent(script, danger)
                    .approver(question -> Approver.Answer.deny("too risky"))
                    .build()) {
                run(agent.newConversation(), "x");
            }
            assertThat(script.inputs(1)).contains("output:1:refused by the user: too risky");
        }

        @Test
        void access_isJudgedAgain_whenTheCallsTurnComes() {
            AtomicBoolean linked = new AtomicBoolean();
            TestTool link = TestTool.writes("link", (call, context) -> {
                linked.set(true);
                return ToolOutput.text("linked");
            });
            Tool cat = new Tool() {
                @Override
                public Specification specification() {
                    return Specification.function("cat", "reads, unless a link leads out", "{\"type\":\"object\"}");
                }

                @Override
                public ToolOutput call(ToolCall call, ToolContext context) {
                    return ToolOutput.text("read");
                }

                @Override
                public Access access(ToolCall call) {
                    return linked.get() ? Access.UNRESTRICTED : Access.READS;
                }
            };
            Script script = new Script(calls(call("1", "link"), call("2", "cat")));
            try (AgentLoop agent = agent(script, link, cat).build()) {
                Outcome.AwaitingApproval outcome = (Outcome.AwaitingApproval) run(agent.newConversation(), "x");
                assertThat(outcome.pending())
                        .extracting(Outcome.Pending::callId)
                        .containsExactly("2");
            }
        }

        @Test
        void questions_arePutOneAtATime() {
            AtomicInteger asking = new AtomicInteger();
            AtomicBoolean crowded = new AtomicBoolean();
            Script script =
                    new Script(calls(call("1", "danger"), call("2", "danger"), call("3", "echo")), says("done"));
            try (AgentLoop agent = agent(script, danger, ECHO)
                    .approver(question -> {
                        crowded.compareAndSet(false, asking.incrementAndGet() > 1);
                        asking.decrementAndGet();
                        return Approver.Answer.approve();
                    })
                    .build()) {
                assertThat(run(agent.newConversation(), "x").text()).isEqualTo("done");
            }
            assertThat(crowded).isFalse();
            assertThat(script.inputs(1)).contains("output:1:boom", "output:2:boom", "output:3:<3>");
        }

        @Test
        void never_refusesWithTheReason() {
            Script script = new Script(calls(call("1", "danger")), says("done"));
            try (AgentLoop agent = agent(script, danger)
                    .approval(ApprovalPolicy.of(ApprovalPolicy.Mode.NEVER, ApprovalPolicy.Rights.READ_ONLY))
                    .build()) {
                run(agent.newConversation(), "x");
            }
            assertThat(script.inputs(1).get(2))
                    .isEqualTo(
                            "output:1:refused: This call of danger may do anything that this process may, and the rights"
                                    + " are read-only. The approval mode is never, so nobody is asked. Use a call that stays within"
                                    + " these rights.");
        }
    }

    @Nested
    class EndingEarly {
        @Test
        void cancel_inAnInference_leavesAValidHistory() throws Exception {
            CountDownLatch begun = new CountDownLatch(1);
            Script script = new Script(Script.hangs(begun), says("later"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                Thread canceller = new Thread(() -> {
                    try {
                        begun.await();
                        conversation.cancel();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                });
                canceller.start();
                assertThat(run(conversation, "x")).isInstanceOf(Outcome.Cancelled.class);
                canceller.join();
                assertThat(conversation.run("y").text()).isEqualTo("later");
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "user:y");
        }

        @Test
        void cancel_answersEveryOpenCall_andAbandonsWhatDoesNotEnd() {
            CountDownLatch never = new CountDownLatch(1);
            AtomicReference<Conversation> running = new AtomicReference<>();
            TestTool stubborn = TestTool.writes("stubborn", (call, context) -> {
                running.get().cancel();
                while (true) {
                    try {
                        never.await();
                        return ToolOutput.text("late");
                    } catch (InterruptedException e) {
                        // Goes on: this is what a tool should not do.
                    }
                }
            });
            Script script = new Script(calls(call("1", "stubborn"), call("2", "echo")), says("later"));
            try (AgentLoop agent = agent(script, stubborn, ECHO).build()) {
                Conversation conversation = agent.newConversation();
                running.set(conversation);
                assertThat(conversation.run("x")).isInstanceOf(Outcome.Cancelled.class);
                never.countDown();
                assertThat(conversation.run("y").text()).isEqualTo("later");
            }
            assertThat(script.inputs(1))
                    .containsExactly(
                            "user:x",
                            "call:1",
                            "call:2",
                            "output:1:interrupted: the run was cancelled, while this call was running",
                            "output:2:interrupted: the run was cancelled, before this call was started",
                            "user:y");
        }

        @Test
        void interrupt_ofTheCaller_cancels_andIsKept() {
            Script script = new Script(says("never"));
            try (AgentLoop agent = agent(script).build()) {
                Thread.currentThread().interrupt();
                assertThat(run(agent.newConversation(), "x")).isInstanceOf(Outcome.Cancelled.class);
                assertThat(Thread.interrupted()).isTrue();
            }
        }

        @Test
        void limits_endTheRun_beforeAnotherPaidCall() {
            Limits.Prices prices = Limits.Prices.of(1_000, 0, 0, 10_000);
            Limits[] limits = {
                Limits.NONE.withSteps(2),
                Limits.NONE.withTokens(150),
                Limits.NONE.withMoney(new java.math.BigDecimal("0.3"), prices),
                Limits.NONE.withToolCalls(1),
                Limits.NONE.withIdenticalCalls(2)
            };
            List<String> endings = new ArrayList<>();
            for (Limits limit : limits) {
                Script script = new Script(
                        calls(call("1", "same")), calls(call("2", "same")), calls(call("3", "same")), says("done"));
                TestTool same = TestTool.reads("same", (call, context) -> ToolOutput.text("same"));
                try (AgentLoop agent = agent(script, same).limits(limit).build()) {
                    Outcome.LimitReached reached = (Outcome.LimitReached) run(agent.newConversation(), "x");
                    endings.add(reached.limit() + " " + reached.used() + " " + script.prompts.size());
                }
            }
            assertThat(endings)
                    .containsExactly(
                            "STEPS 2 of 2 2",
                            "TOKENS 220 of 150 2",
                            "MONEY 0.4 of 0.3 2",
                            "TOOL_CALLS 2 asked for, 1 allowed 2",
                            "IDENTICAL_CALLS 2 in a row of 2 2");
        }

        @Test
        void time_endsTheRun_whileItWaits() {
            Script script = new Script(Script.hangs(new CountDownLatch(1)));
            try (AgentLoop agent = agent(script)
                    .limits(Limits.NONE.withTime(Duration.ofMillis(30)))
                    .build()) {
                Outcome outcome = run(agent.newConversation(), "x");
                assertThat(outcome.describe())
                        .isEqualTo(
                                "the limit of time was reached (PT0.03S); run the conversation again with other limits to"
                                        + " go on");
            }
        }

        @Test
        void secondRun_isRefused_whileOneRuns() {
            AtomicBoolean refused = new AtomicBoolean();
            Script script = new Script(says("done"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("x", at(event -> {
                    if (event instanceof AgentEvent.RunStarted) {
                        assertThatThrownBy(() -> conversation.run("y")).isInstanceOf(BusyException.class);
                        refused.set(true);
                    }
                }));
            }
            assertThat(refused).isTrue();
        }

        @Test
        void incompleteResponse_stops_andKeepsWhatIsWhole() {
            Script script = new Script((prompt, listener) -> new ModelResponse(
                    "r",
                    List.of(
                            message("part"),
                            reasoning("r"),
                            Script.item(
                                    "{\"type\":\"function_call\",\"call_id\":\"1\",\"name\":\"echo\",\"arguments\":\"{\","
                                            + "\"status\":\"incomplete\"}")),
                    Usage.NONE,
                    "max_output_tokens",
                    true));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                Conversation conversation = agent.newConversation();
                Outcome outcome = run(conversation, "x");
                assertThat(outcome.describe()).isEqualTo("stopped: the response is incomplete: max_output_tokens");
                assertThat(outcome.partialText()).isEqualTo("part");
                assertThat(conversation.prompt().items()).hasSize(2);
            }
        }
    }
}
