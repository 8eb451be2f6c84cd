package dev.agentloop;

import static dev.agentloop.Script.call;
import static dev.agentloop.Script.calls;
import static dev.agentloop.Script.fails;
import static dev.agentloop.Script.message;
import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.FileStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run reads of a conversation that this agent had before: what is new, and nothing else. */
class ConversationCacheTest extends BoundsFixture {
    private static final int MESSAGES = 1_000;

    @TempDir
    Path folder;

    private final ReadingStore reading = new ReadingStore(store);

    /** Answers each prompt with the same few words, and reads none. */
    private static final Model BRIEF = new Model() {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("brief").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            return ModelResponse.of(List.of(message("yes")), Usage.reported(100, 0, 0, 10, 0));
        }
    };

    private static AgentLoop on(ConversationStore store) {
        return AgentLoop.builder().model(BRIEF).store(store).build();
    }

    @Test
    void theThousandthMessage_readsNoEntry_byAHandleOfItsOwn() {
        try (AgentLoop agent = on(reading)) {
            String id = agent.newConversation().id();
            agent.newConversation(id).run("0");
            for (int i = 1; i < MESSAGES; i++) {
                reading.entries();
                reading.heads();
                Conversation conversation = agent.resume(id);
                assertThat(conversation.run(String.valueOf(i)).text()).isEqualTo("yes");
                assertThat(reading.entries())
                        .as("entries read by message %d", i)
                        .isZero();
                assertThat(reading.heads())
                        .as("heads asked for by message %d: one by resume, one by the run", i)
                        .isEqualTo(2);
            }
            assertThat(agent.resume(id).prompt().size()).isEqualTo(2 * MESSAGES);
            assertThat(reading.entries()).as("entries read by prompt()").isZero();
            assertSame(id, agent);
        }
    }

    @Test
    void messagesOfAnotherAgentAndAnotherStore_areReadAlone() {
        try (ConversationStore first = new FileStore(folder);
                ConversationStore second = new FileStore(folder)) {
            ReadingStore one = new ReadingStore(first);
            ReadingStore other = new ReadingStore(second);
            try (AgentLoop here = on(one);
                    AgentLoop there = on(other)) {
                Conversation mine = here.newConversation();
                mine.run("begin");
                Conversation theirs = there.resume(mine.id());
                assertThat(theirs.prompt().size()).isEqualTo(2);
                other.entries();
                for (int i = 0; i < 20; i++) {
                    long before = mine.version();
                    mine.append(List.of(Item.user("a note " + i)));
                    if (i % 3 == 0) {
                        mine.pin("p" + i, Item.user("a fact " + i));
                    }
                    assertThat(one.entries()).as("by the one who wrote").isZero();
                    assertThat(theirs.prompt().items()).isEqualTo(mine.prompt().items());
                    assertThat(other.entries()).isEqualTo((int) (mine.version() - before));
                    assertThat(theirs.compactions()).isEmpty();
                    assertThat(theirs.rules()).isEmpty();
                    assertThat(theirs.awaitingApproval()).isEmpty();
                    assertThat(other.entries()).as("what was read once").isZero();
                }
            }
        }
    }

    @Test
    void compactedByAnother_isFoldedAsAnyOtherEntry() throws Exception {
        try (AgentLoop here = agent(new Script(says("a"), says("b"), says("c")))
                        .store(reading)
                        .build();
                AgentLoop there = agent(new Script(says("d")))
                        .compactor(new Shortening(() -> true))
                        .build()) {
            Conversation mine = here.newConversation();
            mine.run("one");
            mine.run("two");
            reading.entries();
            assertThat(there.resume(mine.id()).compact(RunOptions.DEFAULT)).isPresent();
            long compacted = there.resume(mine.id()).version();
            long before = mine.version();
            assertThat(mine.run("three").text()).isEqualTo("c");
            assertThat(reading.entries()).isEqualTo((int) (compacted - before));
            assertSame(mine.id(), here);
        }
    }

    @Test
    void conversationThatWasDeletedAndMadeAgain_isAnother() {
        try (AgentLoop here = on(reading);
                AgentLoop there = on(store)) {
            Conversation mine = here.newConversation();
            for (int messages = 1; messages < 4; messages++) {
                mine.run("old");
                mine.run("older");
                there.newConversation().run("something else");
                store.delete(mine.id());
                Conversation again = there.newConversation(mine.id());
                for (int i = 0; i < messages; i++) {
                    again.run("new " + i);
                }
                // Shorter than the one that was kept, as long as that, and longer.
                assertThat(mine.run("and on").text()).isEqualTo("yes");
                assertThat(mine.prompt().item(0)).isEqualTo(Item.user("new 0"));
                assertSame(mine.id(), here);
                store.delete(mine.id());
                mine = here.newConversation();
            }
        }
    }

    @Test
    void conversationThatWasDeleted_isGone() {
        try (AgentLoop agent = on(store)) {
            Conversation conversation = agent.newConversation();
            conversation.run("one");
            store.delete(conversation.id());
            for (int i = 0; i < 2; i++) {
                assertThat(conversation.awaitingApproval()).isEmpty();
                assertThatThrownBy(conversation::prompt)
                        .isInstanceOf(StoreException.class)
                        .hasMessage("there is no conversation " + conversation.id() + " in this store");
                assertThatThrownBy(() -> conversation.run("two"))
                        .isInstanceOf(StoreException.class)
                        .hasMessage("there is no conversation " + conversation.id() + " in this store");
            }
        }
    }

    @Test
    void runThatFailed_isReadAgain() {
        Script script = new Script(
                says("first"),
                calls(call("c1", "echo")),
                fails(ModelException.Kind.INVALID_REQUEST),
                says("second"),
                says("third"));
        try (AgentLoop agent = agent(script, ECHO).store(reading).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("one");
            reading.entries();
            assertThatThrownBy(() -> conversation.run("two")).isInstanceOf(ModelException.class);
            assertThat(reading.entries()).isZero();
            long version = conversation.version();
            assertThat(conversation.run(RunOptions.DEFAULT).text()).isEqualTo("second");
            assertThat(reading.entries()).as("what failed is not kept").isEqualTo((int) version);
            conversation.run("three");
            assertThat(reading.entries()).isZero();
            assertSame(conversation.id(), agent);
        }
    }

    @Test
    void appendThatFailed_leavesNothingOfItInAPrompt() {
        try (AgentLoop agent =
                agent(new Script(says("first"), says("second"))).store(odd).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("one");
            odd.fails = entries -> true;
            assertThatThrownBy(() -> conversation.append(List.of(Item.user("lost"))))
                    .isInstanceOf(StoreException.class);
            assertThatThrownBy(() -> conversation.run("lost, too")).isInstanceOf(StoreException.class);
            odd.fails = entries -> false;
            assertThat(conversation.prompt().size()).isEqualTo(2);
            assertThat(conversation.run("two").text()).isEqualTo("second");
            assertSame(conversation.id(), agent);
        }
    }

    @Test
    void reader_whileARunIsUnderWay_seesWhatTheStoreHas_andIsReadForOnce() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        Script script = new Script(says("first"), Script.hangs(begun), says("last"));
        try (AgentLoop agent = agent(script).store(reading).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("one");
            CompletableFuture<Outcome> run = start(conversation, "two", RunOptions.DEFAULT);
            await(begun);
            reading.entries();
            int stored = store.read(conversation.id(), 0, 1_000).size();
            assertThat(conversation.prompt().size()).isEqualTo(3);
            assertThat(reading.entries()).isEqualTo(stored);
            assertThat(conversation.prompt().size()).isEqualTo(3);
            assertThat(conversation.compactions()).isEmpty();
            assertThat(reading.entries()).as("read again by a second reader").isZero();
            conversation.cancel();
            assertThat(get(run)).isInstanceOf(Outcome.Cancelled.class);
            conversation.run("three");
            assertThat(reading.entries())
                    .as("what the run had, and not the reader")
                    .isZero();
            assertSame(conversation.id(), agent);
        }
    }

    @Test
    void storesOfOneAgent_shareTheCache_andTenantsDoNot() {
        try (AgentLoop agent = on(reading)) {
            Conversation conversation = agent.newConversation();
            conversation.run("one");
            reading.entries();
            assertThat(agent.on(new ReadingStore(reading))
                            .resume(conversation.id())
                            .prompt())
                    .isNotNull();
            assertThat(reading.entries()).isZero();
            ReadingStore tenants = new ReadingStore(new OtherTenant(reading));
            assertThat(agent.on(tenants).resume(conversation.id()).prompt().size())
                    .isEqualTo(2);
            assertThat(tenants.entries()).isPositive();
        }
    }

    /** The same store, for another tenant. */
    private static final class OtherTenant extends dev.agentloop.spi.ForwardingStore {
        OtherTenant(ConversationStore store) {
            super(store);
        }

        @Override
        public String tenant() {
            return "other";
        }
    }

    @Test
    void withoutACache_aRunReadsWhatCameSinceTheCompaction() throws Exception {
        try (AgentLoop agent = AgentLoop.builder()
                .model(BRIEF)
                .compactor(new Shortening(() -> true))
                .store(reading)
                .conversationCache(0)
                .build()) {
            Conversation conversation = agent.newConversation();
            long since = 0;
            for (int i = 0; i < 60; i++) {
                if (i % 20 == 19) {
                    since = conversation.version();
                    assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
                }
                reading.entries();
                long before = conversation.version();
                conversation.run("message " + i);
                assertThat(reading.entries())
                        .as("message %d, compacted after version %d", i, since)
                        .isLessThanOrEqualTo((int) (before - since) + 1);
            }
            assertSame(conversation.id(), agent);
        }
    }

    @Test
    void boundThatIsNone_isRefused() {
        assertThatThrownBy(() -> AgentLoop.builder().conversationCache(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the cache of conversations has 0 bytes, which is none, or more, but this is -1");
    }

    @Test
    void manyThreadsAndAgents_haveNoConversationInTwoHands() throws Exception {
        long seed = Long.getLong("cache.seed", System.nanoTime());
        List<String> ids = new ArrayList<>();
        try (AgentLoop one = on(store);
                AgentLoop other = on(store)) {
            List<AgentLoop> agents = List.of(one, one.on(reading), other);
            for (int i = 0; i < 3; i++) {
                Conversation conversation = one.newConversation();
                conversation.run("begin");
                ids.add(conversation.id());
            }
            List<CompletableFuture<Void>> threads = new ArrayList<>();
            for (int t = 0; t < 6; t++) {
                Random random = new Random(seed + t);
                threads.add(CompletableFuture.runAsync(() -> talk(agents, ids, random)));
            }
            for (CompletableFuture<Void> thread : threads) {
                assertThat(thread).as("seed %d", seed).succeedsWithin(LONG);
            }
            for (AgentLoop agent : agents) {
                ids.forEach(id -> assertSame(id, agent));
            }
        }
    }

    private static void talk(List<AgentLoop> agents, List<String> ids, Random random) {
        for (int i = 0; i < 150; i++) {
            Conversation conversation =
                    agents.get(random.nextInt(agents.size())).resume(ids.get(random.nextInt(ids.size())));
            try {
                switch (random.nextInt(4)) {
                    case 0 -> conversation.append(List.of(Item.user("note " + random.nextInt())));
                    case 1 -> conversation.run("say " + random.nextInt());
                    case 2 -> conversation.compactions();
                    // All of it is read, so that a fold that somebody changes meanwhile would show.
                    default -> conversation.prompt().items().forEach(Item::type);
                }
            } catch (BusyException e) {
                // Somebody is at it.
            } catch (StoreException e) {
                assertThat(e.kind()).isEqualTo(StoreException.Kind.CONFLICT);
            }
        }
    }

    /** The prompt of this agent is the one that an agent without a memory reads from the store. */
    private void assertSame(String id, AgentLoop agent) {
        try (AgentLoop fresh = on(store)) {
            Prompt read = fresh.resume(id).prompt();
            Prompt known = agent.resume(id).prompt();
            assertThat(known.items()).isEqualTo(read.items());
            assertThat(known.hash(known.size())).isEqualTo(read.hash(read.size()));
            assertThat(known.ending()).isEqualTo(read.ending());
            List<LogEntry> log = store.read(id, 0, Integer.MAX_VALUE);
            assertThat(log.get(log.size() - 1).version())
                    .isEqualTo(agent.resume(id).version());
        }
    }
}
