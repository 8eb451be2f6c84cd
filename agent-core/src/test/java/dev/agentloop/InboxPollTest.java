package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.internal.turn.ConversationLocks;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.stores.FileStore;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All runs of a process on one store look into their inboxes by one question. */
@Timeout(120)
class InboxPollTest extends LoopFixture {
    @TempDir
    Path folder;

    // The intervals, each begun by hand.
    private final Deque<Runnable> intervals = new ArrayDeque<>();
    private final CountDownLatch go = new CountDownLatch(1);

    /** A store that counts what is asked of inboxes. */
    private static final class Counting extends ForwardingStore {
        private final List<Set<String>> questions = Collections.synchronizedList(new ArrayList<>());
        private final List<String> inboxes = Collections.synchronizedList(new ArrayList<>());
        private volatile Supplier<RuntimeException> fault = () -> null;

        Counting(ConversationStore store) {
            super(store);
        }

        @Override
        public Set<String> waiting(Collection<String> conversations) {
            questions.add(Set.copyOf(conversations));
            RuntimeException failure = fault.get();
            if (failure != null) {
                throw failure;
            }
            return super.waiting(conversations);
        }

        @Override
        public List<InboxMessage> inbox(String conversation) {
            inboxes.add(conversation);
            return super.inbox(conversation);
        }
    }

    private Counting counting(ConversationStore store) {
        Counting counting = new Counting(store);
        ConversationLocks.of(counting.identity(), counting.tenant()).poll().every(this::interval);
        return counting;
    }

    private synchronized void interval(Runnable tick) {
        intervals.add(tick);
    }

    /** Lets an interval pass. */
    private void pass() {
        Runnable tick;
        synchronized (this) {
            tick = intervals.remove();
        }
        tick.run();
    }

    private Tool waits(CountDownLatch inTool) {
        return TestTool.reads("wait", (call, context) -> {
            inTool.countDown();
            go.await();
            return ToolOutput.text("went");
        });
    }

    /** A model that first calls the tool, and answers with what it was told at last. */
    private static Model model() {
        return new Model() {
            @Override
            public PromptSettings settings() {
                return PromptSettings.of("scripted").build();
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) {
                boolean first = prompt.items().stream().noneMatch(Item.Output.class::isInstance);
                String said =
                        prompt.items().get(prompt.items().size() - 1) instanceof Item.Message last ? last.text() : "";
                return ModelResponse.of(
                        List.of(first ? call("1", "wait") : Script.message("heard " + said)), Usage.NONE);
            }
        };
    }

    private static InboxMessage left(String text) {
        return InboxMessage.of("m", "input", ("{\"items\":[" + Item.user(text).json() + "]}").getBytes(UTF_8));
    }

    @ParameterizedTest
    @CsvSource({"memory, 1000", "files, 100"})
    void runsOfAStore_areOneQuestionAnInterval_andOnlyThoseConcernedLook(String kind, int count) throws Exception {
        int chosen = count / 2;
        CountDownLatch inTool = new CountDownLatch(count);
        ExecutorService callers = Executors.newCachedThreadPool();
        try (ConversationStore kept = kind.equals("files") ? new FileStore(folder) : store;
                Counting counting = counting(kept);
                AgentLoop agent = agent(model(), waits(inTool)).store(counting).build()) {
            List<Conversation> conversations = new ArrayList<>();
            List<CompletableFuture<Outcome>> runs = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Conversation conversation = agent.newConversation();
                conversations.add(conversation);
                runs.add(CompletableFuture.supplyAsync(() -> conversation.run("x"), callers));
            }
            inTool.await();
            Set<String> all =
                    Set.copyOf(conversations.stream().map(Conversation::id).toList());
            counting.inboxes.clear();
            pass();
            pass();
            assertThat(counting.questions).containsExactly(all, all);
            assertThat(counting.inboxes).isEmpty();
            String one = conversations.get(chosen).id();
            kept.leave(one, left("by the way"));
            kept.leave(one, InboxMessage.of("unknown", "of another kind", "{}".getBytes(UTF_8)));
            pass();
            Awaitility.await().until(() -> !counting.inboxes.isEmpty());
            assertThat(counting.questions).hasSize(3);
            assertThat(counting.inboxes).containsExactly(one);
            go.countDown();
            for (int i = 0; i < count; i++) {
                assertThat(runs.get(i).get().text()).isEqualTo(i == chosen ? "heard by the way" : "heard ");
            }
            pass();
            assertThat(counting.questions).as("nobody is at work any more").hasSize(3);
            assertThat(intervals).isEmpty();
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void runsOfManyAgents_areOneQuestion_askedOfAnotherStoreWhereOneFails() throws Exception {
        CountDownLatch inTool = new CountDownLatch(2);
        ExecutorService callers = Executors.newCachedThreadPool();
        Counting broken = counting(store);
        Counting sound = counting(store);
        broken.fault = () -> new IllegalStateException("broken");
        try (FaultLog log = FaultLog.open();
                AgentLoop first = agent(model(), waits(inTool)).store(broken).build();
                AgentLoop second = agent(model(), waits(inTool)).store(sound).build()) {
            Conversation one = first.newConversation();
            Conversation two = second.newConversation();
            CompletableFuture<Outcome> runOne = CompletableFuture.supplyAsync(() -> one.run("x"), callers);
            Awaitility.await().until(() -> inTool.getCount() == 1);
            CompletableFuture<Outcome> runTwo = CompletableFuture.supplyAsync(() -> two.run("x"), callers);
            inTool.await();
            store.leave(one.id(), InboxMessage.of("c", "cancel", "{}".getBytes(UTF_8)));
            pass();
            assertThat(broken.questions).containsExactly(Set.of(one.id(), two.id()));
            assertThat(sound.questions).isEmpty();
            pass();
            assertThat(sound.questions).containsExactly(Set.of(one.id(), two.id()));
            assertThat(runOne.get()).as("by a run of another store").isInstanceOf(Outcome.Cancelled.class);
            go.countDown();
            assertThat(runTwo.get().text()).isEqualTo("heard ");
            assertThat(log.of("none").stream().filter(line -> line.contains("looked into again")))
                    .containsExactly("INFO the inboxes can be looked into again, after 1 times");
            assertThat(log.of(one.id()).stream().filter(line -> line.contains("could not be looked into")))
                    .singleElement()
                    .asString()
                    .contains("the inboxes of 2 runs, that of conversation " + one.id() + " among them", "broken");
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void storeThatHangs_isAskedNoSecondTime_andTheRunsGoOn() throws Exception {
        CountDownLatch inTool = new CountDownLatch(1);
        CountDownLatch hangs = new CountDownLatch(1);
        CountDownLatch hanging = new CountDownLatch(1);
        ExecutorService callers = Executors.newCachedThreadPool();
        Counting counting = counting(store);
        counting.fault = () -> {
            hanging.countDown();
            try {
                hangs.await();
            } catch (InterruptedException e) {
                return new IllegalStateException(e);
            }
            return null;
        };
        try (FaultLog log = FaultLog.open();
                AgentLoop agent = agent(model(), waits(inTool)).store(counting).build()) {
            Conversation conversation = agent.newConversation();
            CompletableFuture<Outcome> run = CompletableFuture.supplyAsync(() -> conversation.run("x"), callers);
            inTool.await();
            CompletableFuture<Void> asking = CompletableFuture.runAsync(this::pass, callers);
            hanging.await();
            pass();
            pass();
            assertThat(counting.questions).hasSize(1);
            assertThat(log.of(conversation.id()).stream().filter(line -> line.contains("could not be looked into")))
                    .singleElement()
                    .asString()
                    .contains("the store has not answered yet");
            go.countDown();
            assertThat(run.get().text()).as("nothing waits for it").isEqualTo("heard ");
            hangs.countDown();
            asking.get();
        } finally {
            callers.shutdownNow();
        }
    }

    @Test
    void answersThatAreNone_areFailures() throws Exception {
        Script script = new Script(calls(call("1", "wait")), says("done"));
        CountDownLatch inTool = new CountDownLatch(1);
        ConversationStore none = new ForwardingStore(store) {
            @Override
            @SuppressWarnings("NullAway")
            public Set<String> waiting(Collection<String> conversations) {
                return null;
            }
        };
        ConversationLocks.of(none.identity(), "").poll().every(this::interval);
        try (FaultLog log = FaultLog.open();
                AgentLoop agent = agent(script, waits(inTool)).store(none).build()) {
            Conversation conversation = agent.newConversation();
            CompletableFuture<Outcome> run = CompletableFuture.supplyAsync(() -> conversation.run("x"));
            inTool.await();
            pass();
            assertThat(log.of(conversation.id()).stream().filter(line -> line.contains("could not be looked into")))
                    .hasSize(1);
            go.countDown();
            assertThat(run.get().text()).isEqualTo("done");
        }
    }
}
