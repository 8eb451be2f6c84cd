package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import dev.agentloop.internal.turn.ConversationLocks;
import dev.agentloop.spi.InboxMessage;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who ends a run, steers it or reads meanwhile reaches it at any moment; so does closing the agent. */
@Timeout(60)
class RunReachTest extends BoundsFixture {
    @Nested
    class Beginnings {
        @Test
        void cancel_reachesARunThatReadsItsLog_andReadersReadTheStore() throws Exception {
            try (AgentLoop agent = agent(new Script(says("first"), says("never")), ECHO)
                    .store(odd)
                    .conversationCache(0)
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
                Awaitility.await().until(this::someoneQueues);
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
                                    .anyMatch(frame -> frame.getClassName().equals(ConversationLocks.class.getName())));
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
                BoundsFixture.await(go);
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
                BoundsFixture.await(go);
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
            String refused = "";
            while (!refused.startsWith("this agent is closed")) {
                try {
                    fail("a second run began: " + conversation.run("y"));
                } catch (IllegalStateException e) {
                    refused = String.valueOf(e.getMessage());
                }
            }
            assertThat(closed).isFalse();
            go.countDown();
            assertThat(get(run).text()).isEqualTo("done");
            closing.join();
            assertThatThrownBy(() -> agent.close(Duration.ofSeconds(-1)))
                    .hasMessage("AgentLoop.close must be from 0 s to 365 days, but is PT-1S");
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
