package dev.agentloop;

import static dev.agentloop.Script.says;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.FileStore;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Conversations by an id of the host's: one that there need not be, and ids that are none. */
@Timeout(60)
class GetOrCreateTest extends LoopFixture {
    private static final String ID = "01a20000-0000-7000-8000-000000000009";

    @TempDir
    Path folder;

    @Test
    void conversation_isBegunOnce_andIsTheSameAfterThat() {
        try (AgentLoop agent = agent(new Script(says("one"), says("two"))).build()) {
            Conversation begun = agent.conversation(ID);
            assertThat(begun.version()).isEqualTo(1);
            assertThat(begun.run("a").text()).isEqualTo("one");
            assertThat(agent.conversation(ID).run("b").text()).isEqualTo("two");
            assertThat(agent.resume(ID).prompt().items()).contains(Item.user("a"), Item.user("b"));
        }
    }

    @Test
    void conversation_thatWasOnlyBegun_hasNothingToSend() {
        try (AgentLoop agent = agent(new Script()).build()) {
            Conversation begun = agent.conversation(ID);
            assertThatThrownBy(() -> begun.run(RunOptions.DEFAULT))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("has nothing to send");
            assertThatThrownBy(begun::prompt).hasMessageContaining("is empty: append or run something first");
            assertThat(begun.awaitingApproval()).isEmpty();
        }
    }

    /** Two that ask for the same id do so at the same time, and neither finds it. */
    private static final class Meeting extends ForwardingStore {
        private final CyclicBarrier both;

        Meeting(ConversationStore store, CyclicBarrier both) {
            super(store);
            this.both = both;
        }

        @Override
        public Optional<LogPosition> head(String conversation) {
            Optional<LogPosition> head = super.head(conversation);
            if (head.isEmpty()) {
                try {
                    both.await();
                } catch (InterruptedException | BrokenBarrierException e) {
                    throw new AssertionError(e);
                }
            }
            return head;
        }
    }

    private void beginTwice(ConversationStore kept) throws Exception {
        ConversationStore meeting = new Meeting(kept, new CyclicBarrier(2));
        ExecutorService two = Executors.newFixedThreadPool(2);
        Script script = new Script(says("one"), says("two"));
        try (AgentLoop left = agent(script).store(meeting).build();
                AgentLoop right = agent(script).store(meeting).build()) {
            Future<Conversation> first = two.submit(() -> left.conversation(ID));
            Future<Conversation> second = two.submit(() -> right.conversation(ID));
            first.get().run("a");
            second.get().run("b");
            assertThat(kept.read(ID, 0, 100).stream()
                            .filter(entry -> entry.kind().equals("conversation")))
                    .hasSize(1);
            assertThat(right.resume(ID).prompt().items()).contains(Item.user("a"), Item.user("b"));
        } finally {
            two.shutdownNow();
        }
    }

    @Test
    void conversation_begunByTwoAtOnce_isOne() throws Exception {
        beginTwice(store);
        try (ConversationStore files = new FileStore(folder)) {
            beginTwice(files);
        }
    }

    @Test
    void idThatIsNone_isRefusedAtOnce() {
        try (AgentLoop agent = agent(new Script()).build()) {
            for (String id : List.of("user-42", "", "01A20000-0000-7000-8000-000000000009", "../etc")) {
                String text =
                        "a conversation's id is a UUID in lower case such as 00000000-0000-0000-0000-000000000000,"
                                + " but this is \"" + id + "\"";
                assertThatThrownBy(() -> agent.newConversation(id)).hasMessage(text);
                assertThatThrownBy(() -> agent.conversation(id)).hasMessage(text);
                assertThatThrownBy(() -> agent.resume(id)).hasMessage(text);
                assertThatThrownBy(() -> agent.fork(id, 1)).hasMessage(text);
            }
            assertThatThrownBy(() -> agent.fork(ID, 0)).hasMessageContaining("from 1 on, but this is 0");
            assertThatThrownBy(() -> agent.resume(ID))
                    .isInstanceOfSatisfying(
                            StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.NOT_FOUND));
        }
    }
}
