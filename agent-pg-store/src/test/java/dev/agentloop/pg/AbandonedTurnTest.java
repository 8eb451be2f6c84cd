package dev.agentloop.pg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.BusyException;
import dev.agentloop.Conversation;
import dev.agentloop.Outcome;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.StoreException;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A run that the store's failure ended, in a process that lives on: others take its turn over and need not wait for it. */
class AbandonedTurnTest {
    private EmbeddedPostgres server;
    private PgConversationStore store;
    private PgConversationStore other;
    private final AtomicInteger sent = new AtomicInteger();

    @BeforeEach
    void start() {
        server = Servers.newest();
        store = open();
        other = open();
    }

    @AfterEach
    void stop() {
        store.close();
        other.close();
        server.close();
    }

    private PgConversationStore open() {
        return Servers.store(server)
                .heartbeat(Duration.ofMillis(100), Duration.ofSeconds(30))
                .open();
    }

    /** Something is sent, and nobody can note it: the server is gone. */
    private final class Send implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("send", "sends it", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            sent.incrementAndGet();
            server.kill();
            return ToolOutput.text("sent");
        }
    }

    /** The store as another process has it, which shares no locks with this one. */
    private static final class Elsewhere extends ForwardingStore {
        Elsewhere(PgConversationStore store) {
            super(store);
        }

        @Override
        public Object identity() {
            return this;
        }
    }

    private AgentLoop agent(ConversationStore store, ScriptedResponse... answers) {
        return AgentLoop.builder()
                .model(ScriptedModel.answering(answers))
                .tools(new Send())
                .approval((call, access) -> ApprovalPolicy.Decision.allow())
                .store(store)
                .build();
    }

    @Test
    void turn_thatTheStoresFailureLeftOpen_isTakenOverFromALivingProcess() throws Exception {
        try (AgentLoop failing = agent(store, ScriptedResponse.calls("c1", "send", "{}"));
                AgentLoop next = agent(new Elsewhere(other), ScriptedResponse.says("It may have been sent."))) {
            Conversation conversation = failing.newConversation();
            assertThatExceptionOfType(StoreException.class)
                    .isThrownBy(() -> conversation.run("Send it."))
                    .satisfies(e -> assertThat(e.kind())
                            .isIn(StoreException.Kind.UNAVAILABLE, StoreException.Kind.OUTCOME_UNKNOWN));
            server.restart();
            assertThat(ran(next, conversation.id())).isEqualTo("It may have been sent.");
            assertThat(other.leases().alive(store.leases().process()))
                    .as("the process that left it")
                    .isTrue();
            assertThat(sent).as("what is not known is not done again").hasValue(1);
            assertThat(next.resume(conversation.id()).prompt().items().toString())
                    .contains("c1");
            assertThat(other.inbox(conversation.id())).as("what it left").isEmpty();
        }
    }

    private static String ran(AgentLoop agent, String id) {
        Outcome[] outcome = new Outcome[1];
        await().atMost(Duration.ofSeconds(60))
                .ignoreException(BusyException.class)
                .until(() -> (outcome[0] = agent.resume(id).run("Did you send it?")) != null);
        return outcome[0].text();
    }
}
