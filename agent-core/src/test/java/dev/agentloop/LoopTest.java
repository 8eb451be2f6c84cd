package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.reasoning;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.ConversationStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LoopTest {
    private final ConversationStore store = ConversationStore.inMemory();
    private final List<AgentEvent> events = new ArrayList<>();

    /** A tool from a function, with an access of its own. */
    record TestTool(String name, Access reach, AfterCrash policy, Body body) implements Tool {
        interface Body {
            ToolOutput run(ToolCall call, ToolContext context) throws Exception;
        }

        static TestTool reads(String name, Body body) {
            return new TestTool(name, Access.READS, AfterCrash.RUN_AGAIN, body);
        }

        static TestTool writes(String name, Body body) {
            return new TestTool(name, Access.WRITES, AfterCrash.REPORT, body);
        }

        @Override
        public Specification specification() {
            return Specification.function(name, "a tool of a test", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) throws Exception {
            return body.run(call, context);
        }

        @Override
        public Access access(ToolCall call) {
            return reach;
        }

        @Override
        public AfterCrash afterCrash(ToolCall call) {
            return policy;
        }
    }

    private static final TestTool ECHO =
            TestTool.reads("echo", (call, context) -> ToolOutput.text("<" + call.callId() + ">"));

    private AgentLoop.Builder agent(Model model, Tool... tools) {
        return AgentLoop.builder()
                .model(model)
                .tools(tools)
                .store(store)
                .retry(new RetryPolicy(2, 2, Duration.ofMillis(1), Duration.ofMillis(5)));
    }

    private Outcome run(Conversation conversation, String input) {
        return conversation.run(input, RunOptions.listeningWith(events::add));
    }

    private <T extends AgentEvent> List<T> events(Class<T> kind) {
        return events.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Test
    void run_callsToolsUntilTheModelAnswers() {
        Script script = new Script(
                calls(reasoning("r"), call("c1", "echo"), call("c2", "echo")), calls(call("c3", "echo")), says("done"));
        try (AgentLoop agent = agent(script, ECHO).instructions("x").build()) {
            Outcome outcome = run(agent.newConversation(), "hello");
            assertThat(outcome.text()).isEqualTo("done");
            assertThat(outcome.usage()).isEqualTo(Usage.reported(300, 0, 0, 30, 0));
            assertThat(outcome.summary().steps()).isEqualTo(3);
        }
        assertThat(script.inputs(2))
                .containsExactly(
                        "user:hello",
                        "reasoning",
                        "call:c1",
                        "call:c2",
                        "output:c1:<c1>",
                        "output:c2:<c2>",
                        "call:c3",
                        "output:c3:<c3>");
        assertThat(script.prompts.get(1).startsWith(script.prompts.get(0))).isTrue();
        assertThat(script.prompts.get(2).startsWith(script.prompts.get(1))).isTrue();
        assertThat(events(AgentEvent.StepStarted.class).get(2).prefix().reusableBytes())
                .isEqualTo(script.prompts.get(1).length());
    }

    @Test
    void resume_inAnotherLoop_sendsTheSameBytesAndGoesOn() {
        Script first = new Script(calls(call("c1", "echo")), says("one"));
        String id;
        try (AgentLoop agent = agent(first, ECHO).build()) {
            Conversation conversation = agent.newConversation();
            id = conversation.id();
            run(conversation, "a");
        }
        Script second = new Script(says("two"));
        try (AgentLoop agent = agent(second, ECHO).build()) {
            assertThat(run(agent.resume(id), "b").text()).isEqualTo("two");
        }
        assertThat(ChunkedPromptTest.wire(second.prompts.get(0)))
                .startsWith(ChunkedPromptTest.wire(first.prompts.get(1)));
        assertThat(events(AgentEvent.StepStarted.class).get(2).prefix().reusableBytes())
                .isEqualTo(first.prompts.get(1).length());
    }

    @Test
    void fork_sharesThePrefixAndItsCacheKey() {
        Script script = new Script(says("one"), says("left"), says("right"));
        try (AgentLoop agent = agent(script).build()) {
            Conversation trunk = agent.newConversation();
            run(trunk, "a");
            Conversation branch = agent.fork(trunk.id(), trunk.version());
            run(trunk, "b");
            run(branch, "c");
            assertThat(branch.id()).isNotEqualTo(trunk.id());
        }
        assertThat(script.inputs(1)).containsExactly("user:a", "assistant:one", "user:b");
        assertThat(script.inputs(2)).containsExactly("user:a", "assistant:one", "user:c");
        assertThat(script.prompts.get(2).head()).isEqualTo(script.prompts.get(0).head());
        assertThat(script.prompts.get(2).startsWith(script.prompts.get(0))).isTrue();
    }

    @Nested
    class Gate {
        @Test
        void readers_runSideBySide_writersAlone() throws Exception {
            CyclicBarrier together = new CyclicBarrier(2);
            AtomicInteger inside = new AtomicInteger();
            AtomicBoolean crowded = new AtomicBoolean();
            TestTool reader = TestTool.reads("reader", (call, context) -> {
                inside.incrementAndGet();
                together.await();
                inside.decrementAndGet();
                return ToolOutput.text("r");
            });
            TestTool writer = TestTool.writes("writer", (call, context) -> {
                crowded.compareAndSet(false, inside.incrementAndGet() > 1);
                inside.decrementAndGet();
                return ToolOutput.text("w");
            });
            Script script = new Script(
                    calls(
                            call("1", "reader"),
                            call("2", "reader"),
                            call("3", "writer"),
                            call("4", "writer"),
                            call("5", "reader"),
                            call("6", "reader")),
                    says("done"));
            try (AgentLoop agent = agent(script, reader, writer).build()) {
                assertThat(run(agent.newConversation(), "x").text()).isEqualTo("done");
            }
            assertThat(crowded).isFalse();
            assertThat(script.inputs(1).subList(7, 13))
                    .containsExactly(
                            "output:1:r", "output:2:r", "output:3:w", "output:4:w", "output:5:r", "output:6:r");
        }

        @Test
        void outputs_standInTheOrderOfTheCalls_whoeverEndsFirst() {
            CountDownLatch secondEnded = new CountDownLatch(1);
            TestTool slow = TestTool.reads("slow", (call, context) -> {
                secondEnded.await();
                return ToolOutput.text("slow");
            });
            Script script = new Script(calls(call("1", "slow"), call("2", "echo")), says("done"));
            try (AgentLoop agent = agent(script, slow, ECHO).build()) {
                agent.newConversation().run("x", RunOptions.listeningWith(event -> {
                    if (event instanceof AgentEvent.ToolEnded ended
                            && ended.call().callId().equals("2")) {
                        secondEnded.countDown();
                    }
                }));
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "call:2", "output:1:slow", "output:2:<2>");
        }

        @Test
        void tool_startsWhileTheStreamGoesOn() {
            CountDownLatch started = new CountDownLatch(1);
            TestTool tool = TestTool.reads("tool", (call, context) -> {
                started.countDown();
                return ToolOutput.text("early");
            });
            Script script = new Script(
                    (prompt, listener) -> {
                        listener.onItem(call("1", "tool"));
                        started.await();
                        return ModelResponse.of(List.of(call("1", "tool"), message("on")), Usage.NONE);
                    },
                    says("done"));
            try (AgentLoop agent = agent(script, tool).build()) {
                run(agent.newConversation(), "x");
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "assistant:on", "output:1:early");
        }
    }

    @Nested
    class ToolFailures {
        private String outputOf(Tool tool, String name) {
            Script script = new Script(calls(call("1", name)), says("done"));
            try (AgentLoop agent = agent(script, tool)
                    .limits(Limits.NONE.withToolTimeout(Duration.ofMillis(50)))
                    .build()) {
                run(agent.newConversation(), "x");
            }
            return script.inputs(1).get(2);
        }

        @Test
        void areOutputs() {
            assertThat(outputOf(ECHO, "nope")).isEqualTo("output:1:unsupported call: nope");
            assertThat(outputOf(
                            TestTool.reads("t", (call, context) -> {
                                throw new IllegalStateException("broken pipe");
                            }),
                            "t"))
                    .isEqualTo("output:1:broken pipe");
            assertThat(outputOf(
                            TestTool.reads("t", (call, context) -> {
                                throw new StackOverflowError();
                            }),
                            "t"))
                    .isEqualTo("output:1:java.lang.StackOverflowError");
            assertThat(outputOf(
                            TestTool.reads("t", (call, context) -> {
                                new CountDownLatch(1).await();
                                return ToolOutput.text("never");
                            }),
                            "t"))
                    .isEqualTo("output:1:tool timed out after 50 milliseconds; it may have had its effect or not");
        }

        @Test
        void longOutput_isCutAndKeptWhole() {
            String line = "0123456789abcdef\n";
            String whole = line.repeat(10_000);
            TestTool big = TestTool.reads(
                    "big",
                    (call, context) -> call.callId().equals("1")
                            ? ToolOutput.text(whole)
                            : ToolOutput.text(
                                    "" + context.fullOutput("1").orElseThrow().length()));
            Script script = new Script(calls(call("1", "big")), calls(call("2", "big")), says("done"));
            try (AgentLoop agent = agent(script, big).build()) {
                run(agent.newConversation(), "x");
            }
            String cut = ((Item.Output) script.prompts.get(1).item(2)).text();
            assertThat(cut)
                    .startsWith("Warning: truncated output (original token count: 42500)\nTotal output lines: 10000\n"
                            + "The whole text is kept under call id 1.\n\n" + line)
                    .contains("\n…32500 tokens truncated…\n")
                    .endsWith(line);
            assertThat(cut.length()).isLessThan(40_300);
            assertThat(script.inputs(2).get(4)).isEqualTo("output:2:" + whole.length());
        }

        @Test
        void repeatedCalls_areToldToTheModel() {
            List<Script.Line> lines = new ArrayList<>();
            for (int i = 1; i <= 6; i++) {
                lines.add(calls(Item.functionCall("c" + i, "same", "{}")));
            }
            lines.add(says("done"));
            TestTool same = TestTool.reads("same", (call, context) -> ToolOutput.text("same"));
            Script script = new Script(lines.toArray(Script.Line[]::new));
            try (AgentLoop agent = agent(script, same).build()) {
                run(agent.newConversation(), "x");
            }
            List<String> last = script.inputs(6);
            assertThat(last.get(8)).isEqualTo("output:c4:same");
            assertThat(last.get(10))
                    .isEqualTo("output:c5:same\n\n[The same call has given this same output 5 times in a row."
                            + " Repeating it will not change that; try something else.]");
            assertThat(last.get(12)).contains("6 times in a row");
        }
    }

    @Nested
    class Breaks {
        @Test
        void durableCallsStay_theRestIsForgotten() {
            Script script =
                    new Script(Script.breaksAfter(reasoning("r"), call("1", "echo"), message("lost")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                assertThat(run(agent.newConversation(), "x").text()).isEqualTo("done");
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "reasoning", "call:1", "output:1:<1>");
            assertThat(events(AgentEvent.StepEnded.class).get(0).broken()).isEqualTo("the stream broke");
            assertThat(events(AgentEvent.StepEnded.class).get(0).usage().estimated())
                    .isTrue();
        }

        @Test
        void withoutACall_theSamePromptIsSentAgain() {
            Script script = new Script(Script.breaksAfter(reasoning("r"), message("lost")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                assertThat(run(agent.newConversation(), "x").text()).isEqualTo("done");
            }
            assertThat(script.inputs(1)).containsExactly("user:x");
            assertThat(events(AgentEvent.Retrying.class)).hasSize(1);
        }

        @Test
        void duplicateCallIds_areNeitherKeptNorRun() {
            AtomicInteger runs = new AtomicInteger();
            TestTool counted =
                    TestTool.writes("counted", (call, context) -> ToolOutput.text("" + runs.incrementAndGet()));
            Script script = new Script(
                    calls(call("1", "counted"), call("1", "counted")),
                    calls(reasoning("r"), call("1", "counted")),
                    says("done"));
            try (AgentLoop agent = agent(script, counted).build()) {
                run(agent.newConversation(), "x");
            }
            assertThat(runs).hasValue(1);
            assertThat(script.inputs(2)).containsExactly("user:x", "call:1", "output:1:1");
            assertThat(events(AgentEvent.DuplicateCall.class)).hasSize(2);
        }

        @Test
        void foreignCiphertext_isLeftOutOnce_byAnEpoch() {
            Script script = new Script(
                    calls(reasoning("foreign"), call("1", "echo")),
                    Script.fails(ModelException.Kind.INVALID_ENCRYPTED_CONTENT),
                    says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                assertThat(run(agent.newConversation(), "x").text()).isEqualTo("done");
            }
            assertThat(script.inputs(1)).contains("reasoning");
            assertThat(script.inputs(2)).containsExactly("user:x", "call:1", "output:1:<1>");
            assertThat(events(AgentEvent.EpochStarted.class)).hasSize(1);
        }

        @Test
        void fatalFailure_isThrown_andTheConversationGoesOn() {
            Script script = new Script(Script.fails(ModelException.Kind.QUOTA), says("later"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                assertThatThrownBy(() -> run(conversation, "x")).isInstanceOf(ModelException.class);
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("later");
            }
            assertThat(script.prompts.get(1).startsWith(script.prompts.get(0))).isTrue();
        }

        @Test
        void emptyAnswers_areAskedForAgainTwice() {
            Script script = new Script(calls(reasoning("r")), calls(), calls());
            try (AgentLoop agent = agent(script).build()) {
                Outcome outcome = run(agent.newConversation(), "x");
                assertThat(outcome.describe()).isEqualTo("stopped: the model answered with nothing 3 times");
                assertThatThrownBy(outcome::text)
                        .hasMessage(
                                "there is no final answer, since the run did not finish: stopped: the model answered with"
                                        + " nothing 3 times; partialText() has what the model had said until then");
            }
            assertThat(script.inputs(2)).containsExactly("user:x");
        }
    }

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
            TestTool stubborn = TestTool.writes("stubborn", (call, context) -> {
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
                Outcome outcome = conversation.run("x", RunOptions.listeningWith(event -> {
                    if (event instanceof AgentEvent.ToolStarted) {
                        conversation.cancel();
                    }
                }));
                assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
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
                conversation.run("x", RunOptions.listeningWith(event -> {
                    if (event instanceof AgentEvent.RunStarted) {
                        assertThatThrownBy(() -> conversation.run("y")).isInstanceOf(Conversation.BusyException.class);
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

    @Nested
    class Input {
        @Test
        void steering_isSeenWhenAllCallsHaveOutputs() {
            Script script = new Script(calls(call("1", "echo")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("x", RunOptions.listeningWith(event -> {
                    if (event instanceof AgentEvent.ToolStarted) {
                        assertThat(conversation.steer("faster")).isTrue();
                    }
                }));
                assertThat(conversation.steer("too late")).isFalse();
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:<1>", "user:faster");
        }

        @Test
        void steering_whoseRunEndsFirst_isNotLost() {
            TestTool danger = new TestTool(
                    "danger",
                    Tool.Access.UNRESTRICTED,
                    Tool.AfterCrash.REPORT,
                    (call, context) -> ToolOutput.text("boom"));
            Script script = new Script(calls(call("1", "danger")), says("done"));
            try (AgentLoop agent = agent(script, danger).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("x", RunOptions.listeningWith(event -> {
                    if (event instanceof AgentEvent.ApprovalAsked) {
                        assertThat(conversation.steer("careful")).isTrue();
                    }
                }));
                conversation.approve("1");
                conversation.run(RunOptions.DEFAULT);
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:boom", "user:careful");
        }

        @Test
        void closingTheLoop_endsItsRuns() {
            Script script = new Script(Script.hangs(new CountDownLatch(1)));
            AgentLoop agent = agent(script).build();
            Outcome outcome = agent.newConversation().run("x", RunOptions.listeningWith(event -> {
                if (event instanceof AgentEvent.StepStarted) {
                    new Thread(() -> {
                                while (script.prompts.isEmpty()) {
                                    Thread.onSpinWait();
                                }
                                agent.close();
                            })
                            .start();
                }
            }));
            assertThat(outcome).isInstanceOf(Outcome.Cancelled.class);
        }

        @Test
        void steering_beforeTheAnswer_keepsTheRunGoing() {
            Script script = new Script(says("one"), says("two"));
            try (AgentLoop agent = agent(script).build()) {
                Conversation conversation = agent.newConversation();
                AtomicBoolean steered = new AtomicBoolean();
                Outcome outcome = conversation.run("x", RunOptions.listeningWith(event -> {
                    if (event instanceof AgentEvent.StepStarted && steered.compareAndSet(false, true)) {
                        conversation.steer("more");
                    }
                }));
                assertThat(outcome.text()).isEqualTo("two");
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "assistant:one", "user:more");
        }

        @Test
        void listenerThatThrows_changesNothing() {
            Script script = new Script(calls(call("1", "echo")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                Outcome outcome = agent.newConversation().run("x", RunOptions.listeningWith(event -> {
                    throw new IllegalStateException("listener");
                }));
                assertThat(outcome.text()).isEqualTo("done");
            }
        }

        @Test
        void ownLoop_isAsDurable() {
            Script script = new Script(calls(call("1", "echo")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                Conversation conversation = agent.newConversation();
                conversation.append(List.of(Item.user("x")));
                ModelResponse response = respond(script, conversation);
                conversation.append(response);
                assertThatThrownBy(() -> conversation.append(List.of(Item.user("y"))))
                        .hasMessage(
                                "the calls [1] have no output yet; append their outputs first, the API refuses a prompt"
                                        + " without them");
                for (ToolCall call : response.toolCalls()) {
                    conversation.append(List.of(ToolOutput.text("mine").item(call)));
                }
                conversation.append(respond(script, conversation));
                assertThat(agent.resume(conversation.id()).prompt().items())
                        .isEqualTo(conversation.prompt().items())
                        .hasSize(4);
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:mine");
        }

        private ModelResponse respond(Model model, Conversation conversation) {
            try {
                return model.respond(conversation.prompt(), Model.Listener.NONE);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Nested
    class Changes {
        @Test
        void changedInstructionsAndTools_areAppendedOrWait_changedModelBeginsAnEpoch() {
            Script first = new Script(says("one"));
            String id;
            try (AgentLoop agent = agent(first, ECHO).instructions("old").build()) {
                id = run(agent.newConversation(), "a").conversation();
            }
            Script second = new Script(says("two"), says("three"));
            TestTool other = TestTool.reads("other", (call, context) -> ToolOutput.text(""));
            try (AgentLoop agent =
                    agent(second, ECHO, other).instructions("new").build()) {
                Conversation conversation = agent.resume(id);
                run(conversation, "b");
                run(conversation, "c");
            }
            assertThat(second.prompts.get(0).startsWith(first.prompts.get(0))).isTrue();
            assertThat(second.inputs(1))
                    .containsExactly(
                            "user:a",
                            "assistant:one",
                            "developer:These instructions replace all that were given before:\n\nnew",
                            "user:b",
                            "assistant:two",
                            "user:c");
            assertThat(events(AgentEvent.Warning.class)).hasSize(2);
            Script third = new Script(says("four"));
            Model larger = new Model() {
                @Override
                public PromptSettings settings() {
                    return PromptSettings.of("larger").build();
                }

                @Override
                public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
                    return third.respond(prompt, listener);
                }
            };
            try (AgentLoop agent =
                    agent(larger, ECHO, other).instructions("new").build()) {
                run(agent.resume(id), "d");
            }
            assertThat(events(AgentEvent.EpochStarted.class))
                    .extracting(AgentEvent.EpochStarted::reason)
                    .containsExactly("model_changed");
            assertThat(third.prompts.get(0).head()).contains("\"larger\"", "\"other\"", "\"new\"");
        }
    }
}
