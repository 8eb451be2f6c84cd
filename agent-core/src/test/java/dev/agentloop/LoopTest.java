package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.reasoning;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class LoopTest extends LoopFixture {
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
    class Input {
        @Test
        void steering_isSeenWhenAllCallsHaveOutputs() {
            Script script = new Script(calls(call("1", "echo")), says("done"));
            try (AgentLoop agent = agent(script, ECHO).build()) {
                Conversation conversation = agent.newConversation();
                conversation.run("x", at(event -> {
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
                conversation.run("x", at(event -> {
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
                Outcome outcome = conversation.run("x", at(event -> {
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
        private final TestTool other = TestTool.reads("other", (call, context) -> ToolOutput.text(""));

        /** A model of another name that answers by the same kind of script. */
        private static final class Larger implements Model {
            private final Script script;

            Larger(Script script) {
                this.script = script;
            }

            @Override
            public PromptSettings settings() {
                return PromptSettings.of("larger").build();
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
                return script.respond(prompt, listener);
            }
        }

        private String begun(Script script) {
            try (AgentLoop agent = agent(script, ECHO).instructions("old").build()) {
                return run(agent.newConversation(), "a").conversation();
            }
        }

        @Test
        void instructionsAreAppended_toolsWait() {
            Script first = new Script(says("one"));
            String id = begun(first);
            Script second = new Script(says("two"), says("three"));
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
            assertThat(events(AgentEvent.EpochStarted.class)).isEmpty();
        }

        @Test
        void anotherModel_beginsAnEpoch_withTheToolsAndInstructionsOfNow() {
            String id = begun(new Script(says("one")));
            Script second = new Script(says("two"));
            try (AgentLoop agent =
                    agent(new Larger(second), ECHO, other).instructions("new").build()) {
                run(agent.resume(id), "b");
            }
            assertThat(events(AgentEvent.EpochStarted.class))
                    .extracting(AgentEvent.EpochStarted::reason)
                    .containsExactly("model_changed");
            assertThat(second.prompts.get(0).head()).contains("\"larger\"", "\"other\"", "\"new\"");
        }
    }
}
