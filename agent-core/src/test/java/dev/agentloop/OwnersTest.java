package dev.agentloop;

import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.RunOptions.WhenBusy;
import dev.agentloop.internal.turn.ConversationLocks;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.FileStore;
import dev.agentloop.stores.MemoryStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ref.WeakReference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** One owner of a turn for each store and tenant in a process, whatever number of agents there are. */
@Timeout(60)
class OwnersTest {
    private static final RunOptions QUEUE = RunOptions.DEFAULT.withWhenBusy(WhenBusy.QUEUE);
    private static final RunOptions STEER = RunOptions.DEFAULT.withWhenBusy(WhenBusy.STEER);

    @TempDir
    Path folder;

    /** Two agents that reach the same conversations, and what is to be closed with them. */
    private record Pair(AgentLoop one, AgentLoop two, List<Runnable> ends) implements AutoCloseable {
        static Pair of(Chatterbox model, ConversationStore first, ConversationStore second) {
            AgentLoop one = model.agent(first);
            AgentLoop two = model.agent(second);
            return new Pair(one, two, List.of(one::close, two::close, first::close, second::close));
        }

        @Override
        public void close() {
            ends.forEach(Runnable::run);
        }
    }

    /** A way to have two agents on one store. */
    private record Way(String name, MakePair make) {
        @Override
        public String toString() {
            return name;
        }
    }

    private interface MakePair {
        Pair of(Path folder, Chatterbox model);
    }

    private static ConversationStore around(ConversationStore store) {
        return new ForwardingStore(store) {};
    }

    private static Pair onOf(Chatterbox model, ConversationStore store) {
        AgentLoop root = model.agent(new MemoryStore());
        return new Pair(root.on(around(store)), root.on(store), List.of(root::close, store::close));
    }

    static Stream<Way> ways() {
        return Stream.of(
                new Way("two agents on one store", (folder, model) -> {
                    ConversationStore store = new MemoryStore();
                    return Pair.of(model, store, store);
                }),
                new Way("two on(store) of one agent", (folder, model) -> onOf(model, new MemoryStore())),
                new Way("two on(store) with files", (folder, model) -> onOf(model, new FileStore(folder))),
                new Way("two forwarding stores", (folder, model) -> {
                    ConversationStore store = new MemoryStore();
                    return Pair.of(model, around(store), around(around(store)));
                }),
                new Way(
                        "two stores of one folder",
                        (folder, model) -> Pair.of(model, new FileStore(folder), new FileStore(folder))),
                new Way(
                        "two stores of one folder, one by a link",
                        (folder, model) -> Pair.of(model, new FileStore(folder), new FileStore(link(folder)))),
                new Way(
                        "two stores of one folder that is not there yet",
                        (folder, model) -> Pair.of(
                                model,
                                new FileStore(folder.resolve("a/b")),
                                new FileStore(link(folder).resolve("a/b")))));
    }

    private static Path link(Path folder) {
        try {
            return Files.createSymbolicLink(folder.resolve("link"), folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void conversationThatOneAgentRuns_isBusyForTheOther(Way way) throws Exception {
        Chatterbox model = new Chatterbox();
        try (Pair pair = way.make().of(folder, model)) {
            Conversation first = pair.one().newConversation();
            CompletableFuture<Outcome> running = start(() -> first.run("wait"));
            model.inTool.await();
            Conversation second = pair.two().resume(first.id());
            assertThatThrownBy(() -> second.run("no"))
                    .isInstanceOf(BusyException.class)
                    .hasMessageContaining("is being run or appended to on another thread");
            assertThatThrownBy(() -> second.append(List.of(Item.user("no")))).isInstanceOf(BusyException.class);
            assertThat(second.run("handed", STEER)).isInstanceOf(Outcome.HandedOver.class);
            assertThat(second.steer("steered")).isTrue();
            CompletableFuture<Outcome> queued = start(() -> second.run("queued", QUEUE));
            Awaitility.await().until(OwnersTest::someoneQueues);
            model.go.countDown();
            assertThat(running.get().text()).isEqualTo("wait handed steered");
            assertThat(queued.get().text()).isEqualTo("wait handed steered queued");
        }
    }

    // Each on a thread of its own: the common pool may have only one.
    private static <T> CompletableFuture<T> start(Supplier<T> work) {
        return CompletableFuture.supplyAsync(work, task -> new Thread(task).start());
    }

    private static boolean someoneQueues() {
        return Thread.getAllStackTraces().values().stream()
                .anyMatch(stack -> Stream.of(stack)
                                .anyMatch(frame -> frame.getClassName().equals(ConversationLocks.class.getName()))
                        && Stream.of(stack)
                                .anyMatch(frame -> frame.getClassName().endsWith(".Semaphore")));
    }

    @ParameterizedTest
    @MethodSource("ways")
    void cancel_ofTheOtherAgentsHandle_endsTheRunHere(Way way) throws Exception {
        Chatterbox model = new Chatterbox();
        try (Pair pair = way.make().of(folder, model)) {
            Conversation first = pair.one().newConversation();
            CompletableFuture<Outcome> running = start(() -> first.run("wait"));
            model.inTool.await();
            pair.two().resume(first.id()).cancel();
            assertThat(running.get()).isInstanceOf(Outcome.Cancelled.class);
            model.go.countDown();
            assertThat(pair.two().resume(first.id()).run("on").text()).isEqualTo("wait on");
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    void agentsThatRunOneAfterTheOther_readWhatTheOtherWrote(Way way) throws Exception {
        Chatterbox model = new Chatterbox();
        try (Pair pair = way.make().of(folder, model)) {
            Conversation first = pair.one().newConversation();
            first.run("0");
            Conversation second = pair.two().resume(first.id());
            StringBuilder heard = new StringBuilder("0");
            for (int i = 1; i < 10; i++) {
                heard.append(" ").append(i);
                assertThat((i % 2 == 0 ? first : second).run(String.valueOf(i)).text())
                        .isEqualTo(heard.toString());
            }
        }
    }

    @Test
    void tenants_areKeptApart() throws Exception {
        Chatterbox model = new Chatterbox();
        ConversationStore store = new MemoryStore();
        Function<String, ConversationStore> tenant = name -> new ForwardingStore(store) {
            @Override
            public String tenant() {
                return name;
            }
        };
        assertThat(ConversationLocks.of(store, "a").poll())
                .isSameAs(ConversationLocks.of(store, "a").poll());
        assertThat(ConversationLocks.of(store, "a").poll())
                .isNotSameAs(ConversationLocks.of(store, "b").poll());
        try (AgentLoop one = model.agent(tenant.apply("a"));
                AgentLoop two = model.agent(tenant.apply("b"))) {
            Conversation first = one.newConversation();
            CompletableFuture<Outcome> running = start(() -> first.run("wait"));
            model.inTool.await();
            two.resume(first.id()).cancel();
            assertThat(running).as("another tenant's conversations are others").isNotDone();
            model.go.countDown();
            assertThat(running.get().text()).isEqualTo("wait");
        }
    }

    @Test
    void messagesOfARunThatTheStoreFailed_areSaidByTheNextRunOfAnyAgent_alsoWhenThatOneIsGone() throws Exception {
        ConversationStore store = new MemoryStore();
        Chatterbox model = new Chatterbox();
        boolean[] fails = new boolean[1];
        Supplier<ConversationStore> failing = () -> new ForwardingStore(store) {
            @Override
            public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
                if (fails[0]) {
                    throw new StoreException(StoreException.Kind.UNAVAILABLE, "disk full");
                }
                return super.append(conversation, expected, entries);
            }
        };
        try (AgentLoop root = model.agent(new MemoryStore())) {
            String id = failedRun(root.on(failing.get()), model, fails);
            WeakReference<Object> garbage = new WeakReference<>(new Object());
            Awaitility.await().until(() -> {
                System.gc();
                return garbage.get() == null;
            });
            assertThat(root.on(store).resume(id).run("on").text()).isEqualTo("wait also this on");
        }
    }

    private static String failedRun(AgentLoop agent, Chatterbox model, boolean[] fails) throws Exception {
        Conversation conversation = agent.newConversation();
        CompletableFuture<Outcome> running = start(() -> conversation.run("wait"));
        model.inTool.await();
        assertThat(conversation.steer("also this")).isTrue();
        fails[0] = true;
        model.go.countDown();
        assertThatThrownBy(running::get).hasRootCauseMessage("disk full");
        fails[0] = false;
        return conversation.id();
    }

    /** What a host's store may say that it is. */
    enum Odd {
        THROWS,
        NULL,
        NO_HASH,
        NO_EQUALS,
        NOT_ITSELF,
        OTHER_HASHES;

        @SuppressWarnings("NullAway")
        Object identity() {
            return switch (this) {
                case THROWS -> throw new IllegalStateException("no identity");
                case NULL -> null;
                default -> new OddObject(this);
            };
        }
    }

    /** An object that breaks what a host's identity has to keep. */
    @SuppressWarnings("InconsistentHashCode") // That is what it is there for.
    private static final class OddObject {
        private final Odd odd;
        private final AtomicInteger asked = new AtomicInteger();

        OddObject(Odd odd) {
            this.odd = odd;
        }

        @Override
        public boolean equals(Object other) {
            if (odd == Odd.NO_EQUALS) {
                throw new LinkageError("no equals");
            }
            return odd != Odd.NOT_ITSELF && other == this;
        }

        @Override
        public int hashCode() {
            if (odd == Odd.NO_HASH) {
                throw new IllegalStateException("no hash");
            }
            return odd == Odd.OTHER_HASHES ? asked.incrementAndGet() : 1;
        }
    }

    @ParameterizedTest
    @EnumSource
    void storeThatSaysNothingOfItself_isOneOfItsOwn(Odd odd) throws Exception {
        Chatterbox model = new Chatterbox();
        ConversationStore store = new ForwardingStore(new MemoryStore()) {
            @Override
            public Object identity() {
                return odd.identity();
            }

            @Override
            public boolean equals(Object other) {
                throw new IllegalStateException("this is never asked");
            }

            @Override
            public int hashCode() {
                throw new IllegalStateException("this is never asked");
            }
        };
        try (FaultLog log = FaultLog.open();
                AgentLoop one = model.agent(store);
                AgentLoop two = model.agent(store)) {
            Conversation first = one.newConversation();
            CompletableFuture<Outcome> running = start(() -> first.run("wait"));
            model.inTool.await();
            assertThatThrownBy(() -> two.resume(first.id()).run("no")).isInstanceOf(BusyException.class);
            model.go.countDown();
            assertThat(running.get().text()).isEqualTo("wait");
            assertThat(log.of("none"))
                    .filteredOn(line -> line.startsWith("WARN the identity of the store"))
                    .hasSize(2)
                    .allMatch(line -> line.endsWith("so this store is taken for one of its own"));
        }
    }

    @Test
    void equalsThatNeverReturns_holdsUpNobodyElse() throws Exception {
        class Stuck {
            private final CompletableFuture<Object> asked = new CompletableFuture<>();

            @Override
            public boolean equals(Object other) {
                if (other != this) {
                    asked.complete(other);
                    new CompletableFuture<>().join();
                }
                return true;
            }

            @Override
            public int hashCode() {
                return 42;
            }
        }
        Stuck stuck = new Stuck();
        ConversationLocks kept = ConversationLocks.of(stuck, "");
        Thread waiting = new Thread(() -> ConversationLocks.of(new Stuck(), ""));
        waiting.setDaemon(true);
        waiting.start();
        stuck.asked.get();
        ConversationLocks other = ConversationLocks.of(new Object(), "");
        assertThat(other.poll()).isNotSameAs(kept.poll());
        assertThat(waiting.isAlive()).isTrue();
    }

    @Test
    void tenThousandStores_leaveNothing() {
        List<WeakReference<ConversationStore>> stores = new ArrayList<>();
        try (AgentLoop root =
                AgentLoop.builder().model(new Script(says("hello"))).build()) {
            ConversationStore ran = new MemoryStore();
            root.on(ran).newConversation().run("hello");
            stores.add(new WeakReference<>(ran));
            ran = null;
            for (int i = 0; i < 10_000; i++) {
                ConversationStore store = new MemoryStore();
                root.on(store).newConversation().append(List.of(Item.user("hello")));
                stores.add(new WeakReference<>(store));
            }
            Awaitility.await().untilAsserted(() -> {
                System.gc();
                assertThat(stores).allMatch(store -> store.get() == null);
                root.on(new MemoryStore());
                assertThat(ConversationLocks.count()).isLessThan(100);
            });
        }
    }
}
