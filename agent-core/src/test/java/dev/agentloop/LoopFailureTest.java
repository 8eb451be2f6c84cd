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
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What breaks, and what the loop makes of it. */
class LoopFailureTest extends LoopFixture {
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
                    .isEqualTo("output:1:t failed: java.lang.IllegalStateException: broken pipe");
            assertThat(outputOf(
                            TestTool.reads("t", (call, context) -> {
                                throw new StackOverflowError();
                            }),
                            "t"))
                    .isEqualTo("output:1:t failed: java.lang.StackOverflowError");
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
        void neverAskedForTheRest_endsTheRun_withTheCallAnswered() {
            Script script = new Script(Script.breaksAfter(call("1", "echo")), says("gone on"));
            try (AgentLoop agent =
                    agent(script, ECHO).brokenResponses(RetryPolicy.NEVER).build()) {
                Conversation conversation = agent.newConversation();
                assertThatThrownBy(() -> run(conversation, "x")).isInstanceOf(ModelException.class);
                assertThat(script.prompts).hasSize(1);
                assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("gone on");
            }
            assertThat(script.inputs(1)).containsExactly("user:x", "call:1", "output:1:<1>");
            assertThat(events(AgentEvent.Retrying.class)).isEmpty();
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
        void callOfABrokenResponse_thatComesAgain_isNeitherKeptNorRun() {
            AtomicInteger runs = new AtomicInteger();
            TestTool counted =
                    TestTool.writes("counted", (call, context) -> ToolOutput.text("" + runs.incrementAndGet()));
            Script script = new Script(
                    Script.breaksAfter(call("1", "counted")),
                    calls(reasoning("r"), call("1", "counted")),
                    calls(call("1", "counted")),
                    says("done"));
            try (AgentLoop agent = agent(script, counted).build()) {
                run(agent.newConversation(), "x");
            }
            assertThat(script.inputs(2)).containsExactly("user:x", "call:1", "output:1:1");
            assertThat(events(AgentEvent.DuplicateCall.class)).hasSize(1);
            // The response after that is not one after a broken one: the call is another one.
            assertThat(runs).hasValue(2);
            assertThat(script.inputs(3)).hasSize(5).contains("output:1:1").anyMatch(item -> item.startsWith("call:1~"));
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
                assertThat(outcome.describe()).isEqualTo("stopped: the model answered with nothing new 3 times");
                assertThatThrownBy(outcome::text)
                        .hasMessage(
                                "there is no final answer, since the run did not finish: stopped: the model answered with"
                                        + " nothing new 3 times; partialText() has what the model had said until then");
            }
            assertThat(script.inputs(2)).containsExactly("user:x");
        }
    }
}
