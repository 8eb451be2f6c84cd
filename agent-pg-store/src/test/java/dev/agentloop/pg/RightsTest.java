package dev.agentloop.pg;

import static dev.agentloop.pg.Logs.append;
import static dev.agentloop.pg.Logs.entries;
import static dev.agentloop.pg.Logs.newId;
import static dev.agentloop.pg.Logs.one;
import static dev.agentloop.pg.Logs.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.agentloop.AgentLoop;
import dev.agentloop.ApprovalPolicy;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.spi.StoreException;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The rights that docs/postgres.md gives to the roles are enough for what they are there for, and for no more. */
class RightsTest {
    private static EmbeddedPostgres server;

    @BeforeAll
    static void start() throws Exception {
        server = Servers.newestWithRoles();
        for (String role : List.of("read", "decide", "run", "app", "erase")) {
            run(server, "CREATE ROLE " + role + "er LOGIN PASSWORD 'secret' IN ROLE agent_" + role);
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static PgConversationStore as(String user) {
        return PgConversationStore.builder(server.jdbcUrl(), user, "secret")
                .allowDataLoss()
                .schema(SchemaMode.CHECK)
                .activity(Duration.ZERO)
                .open();
    }

    private static void assertRefused(ThrowingCallable act) {
        assertThatExceptionOfType(StoreException.class).isThrownBy(act).withMessageContaining("SQLSTATE 42501");
    }

    @Test
    void roles_mayDoWhatTheyAreFor() throws Exception {
        String id = newId();
        String fork = newId();
        try (PgConversationStore app = as("apper");
                PgConversationStore reader = as("reader");
                PgConversationStore eraser = as("eraseer")) {
            LogPosition head = append(app, id, 3);
            app.fork(id, head, fork);
            append(app, fork, 1);
            app.leave(id, InboxMessage.of("a", "test", new byte[] {'1'}));
            app.removeMessages(id, List.of("a"));
            app.refresh(id);
            assertThat(app.leases().alive(app.leases().process())).isTrue();
            assertRefused(() -> app.erase(id, Logs.marks(1L)));
            assertRefused(() -> app.delete(fork));

            assertThat(reader.read(fork, 0, 10)).hasSize(4);
            assertThat(reader.load(id)).hasSize(3);
            assertThat(reader.list("", 10))
                    .extracting(ConversationStore.Listed::conversation)
                    .contains(id, fork);
            assertThat(reader.search("nothing", "", 10)).isEmpty();
            assertThat(reader.usage(id).conversations()).isEqualTo(1);
            assertRefused(() -> reader.append(id, head, entries(head, 1)));
            assertRefused(() -> reader.leave(id, InboxMessage.of("b", "test", new byte[] {'1'})));
            assertThat(reader.inbox(id)).isEmpty();
            assertThat(reader.sharing(fork, 1)).containsExactlyInAnyOrder(id, fork);
            assertThat(reader.loadAfter(fork, 2)).hasSize(2);
            assertThat(reader.waiting(List.of(id, fork))).isEmpty();

            eraser.erase(id, Logs.marks(1L));
            eraser.delete(fork);
            app.append(id, head, List.of(LogEntry.after(head, LogEntry.SEALED, 0, 1, new byte[] {'{', '}'})));
            assertThat(eraser.deleteSealed(Instant.parse("9999-01-01T00:00:00Z"), "", 10)
                            .deleted())
                    .isEqualTo(1);
        }
    }

    @Test
    void roles_reachTheSameDatabase_alsoWhereOnlySomeMayAskForItsIdentifier() throws Exception {
        List<String> users = List.of("reader", "decideer", "runer", "apper", "eraseer");
        Set<Object> identities = new HashSet<>();
        for (String user : users) {
            try (PgConversationStore store = as(user)) {
                identities.add(store.identity());
                if (!user.equals("decideer") && !user.equals("reader")) {
                    String id = newId();
                    append(store, id, 1);
                    assertThat(store.sharing(id, 1)).containsExactly(id);
                    assertThat(store.waiting(List.of(id))).isEmpty();
                }
            }
        }
        assertThat(identities).hasSize(1);
        assertThat(identities.iterator().next().toString())
                .isEqualTo("database postgres, schema public, of the PostgreSQL server "
                        + one(server, "SELECT system_identifier FROM pg_control_system()"));
        run(server, "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
        run(server, "GRANT EXECUTE ON FUNCTION pg_control_system() TO runer");
        try (PgConversationStore superuser = Servers.store(server).open()) {
            Set<Object> others = new HashSet<>(Set.of(superuser.identity()));
            for (String user : users) {
                try (PgConversationStore store = as(user)) {
                    others.add(store.identity());
                }
            }
            assertThat(others).hasSize(1).doesNotContainAnyElementsOf(identities);
        } finally {
            run(server, "GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC");
        }
    }

    /** A loop of a tool that must be asked about. */
    private static AgentLoop loop(PgConversationStore store, AtomicInteger sent, ScriptedResponse... answers) {
        return AgentLoop.builder()
                .model(ScriptedModel.answering(answers))
                .tools(new Send(sent))
                .approval(ApprovalPolicy.of(ApprovalPolicy.Mode.ON_REQUEST, ApprovalPolicy.Rights.READ_ONLY))
                .store(store)
                .build();
    }

    private static class Send implements Tool {
        private final AtomicInteger sent;

        Send(AtomicInteger sent) {
            this.sent = sent;
        }

        @Override
        public Specification specification() {
            return Specification.function("send", "sends it", "{\"type\":\"object\",\"properties\":{}}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            sent.incrementAndGet();
            return ToolOutput.text("sent");
        }
    }

    @Test
    void oneRuns_anotherDecides_andNeitherDoesTheOthersWork() throws Exception {
        AtomicInteger sent = new AtomicInteger();
        try (PgConversationStore running = as("runer");
                PgConversationStore deciding = as("decideer");
                PgConversationStore reading = as("reader");
                AgentLoop runner = loop(
                        running, sent, ScriptedResponse.calls("c1", "send", "{}"), ScriptedResponse.says("Done."));
                AgentLoop decider = loop(deciding, sent);
                AgentLoop reader = loop(reading, sent)) {
            Conversation conversation = runner.newConversation();
            String id = conversation.id();
            assertThat(conversation.run("Send it.")).isInstanceOf(Outcome.AwaitingApproval.class);
            assertThat(reader.resume(id).prompt().items()).isNotEmpty();
            Outcome.Pending question = reader.resume(id).awaitingApproval().get(0);

            assertThat(refusal(() -> reader.resume(id).approve(question)))
                    .contains("the statement leave needs INSERT, SELECT on agent_inbox and SELECT, UPDATE on"
                            + " agent_conversation: give the database user these rights, or the role agent_decide");
            assertThat(refusal(() -> conversation.approve(question)))
                    .contains("row-level security policy", "or the role agent_decide of docs/postgres.md");
            assertRunnerLeavesNothingElse(running, id);
            assertDeciderChangesNoLog(deciding, decider, id);
            assertThat(sent).hasValue(0);

            decider.resume(id).approve(question);
            assertThat(runner.resume(id).run(RunOptions.DEFAULT).text()).isEqualTo("Done.");
            assertThat(sent).hasValue(1);
            assertThat(running.inbox(id)).isEmpty();
        }
    }

    /** What the conversation's next run would take for a decision, more input or a cancellation. */
    private static void assertRunnerLeavesNothingElse(PgConversationStore running, String id) {
        long version = running.head(id).orElseThrow().version();
        for (String kind : List.of("approval.decided", "input", "cancel", "turn.abandoned")) {
            for (long call = 1; call <= version; call++) {
                InboxMessage message = InboxMessage.of("approval.decided:" + call, kind, new byte[] {'{', '}'});
                assertThat(refusal(() -> running.leave(id, message))).contains("row-level security policy");
            }
        }
        assertThat(running.leave(id, InboxMessage.of("turn.abandoned:1", "turn.abandoned", new byte[] {'{', '}'})))
                .isTrue();
        running.removeMessages(id, List.of("turn.abandoned:1"));
    }

    private static void assertDeciderChangesNoLog(PgConversationStore deciding, AgentLoop decider, String id) {
        LogPosition head = deciding.head(id).orElseThrow();
        assertThat(refusal(() -> deciding.append(id, head, entries(head, 1))))
                .contains(
                        "permission denied for table agent_entry (SQLSTATE 42501); the statement append_one needs INSERT,"
                                + " SELECT on agent_entry: give the database user these rights, or the role agent_run");
        assertRefused(() -> deciding.append(newId(), LogPosition.START, entries(LogPosition.START, 1)));
        assertRefused(() -> deciding.fork(id, head, newId()));
        assertRefused(() -> deciding.erase(id, Logs.marks(1L)));
        assertThat(refusal(() -> deciding.delete(id))).contains("or the role agent_erase");
        assertRefused(() -> deciding.removeMessages(id, List.of("x")));
        assertRefused(() -> decider.newConversation().run("Go on."));
        for (String change : List.of(
                "UPDATE agent_entry SET payload = NULL",
                "DELETE FROM agent_entry",
                "DELETE FROM agent_conversation",
                "UPDATE agent_conversation SET parent = NULL",
                "UPDATE agent_node SET beat = 0",
                "TRUNCATE agent_entry")) {
            assertThatThrownBy(() -> runAs("decideer", change))
                    .as(change)
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("permission denied");
        }
        assertThat(deciding.head(id)).contains(head);
    }

    private static void runAs(String user, String sql) throws SQLException {
        try (Connection connection = DriverManager.getConnection(server.jdbcUrl(), user, "secret");
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Test
    void runnerThatMayNotShowItsLife_failsBeforeAnEffect_andSaysWhichRight() throws Exception {
        run(server, "CREATE ROLE lifeless LOGIN PASSWORD 'secret' IN ROLE agent_read");
        run(server, "GRANT INSERT ON agent_entry, agent_conversation TO lifeless");
        AtomicInteger sent = new AtomicInteger();
        try (PgConversationStore store = as("lifeless");
                AgentLoop loop = AgentLoop.builder()
                        .model(ScriptedModel.answering(ScriptedResponse.calls("c1", "send", "{}")))
                        .tools(new Send(sent))
                        .store(store)
                        .build()) {
            assertThat(refusal(() -> loop.newConversation().run("Send it.")))
                    .contains("cannot tell that this process is alive: permission denied for table agent_node")
                    .contains("the statement register needs INSERT, SELECT, UPDATE on agent_node")
                    .contains("or the role agent_run");
        }
        assertThat(sent).hasValue(0);
    }

    @Test
    void whoDecides_steersAndCancelsTheRunOfAnother() throws Exception {
        ScriptedModel model = ScriptedModel.answering(
                ScriptedResponse.calls("c1", "send", "{}"),
                ScriptedResponse.calls("c2", "send", "{}"),
                ScriptedResponse.says("Done."));
        AtomicInteger sent = new AtomicInteger();
        try (PgConversationStore running = as("runer");
                PgConversationStore deciding = as("decideer");
                AgentLoop decider = loop(deciding, sent)) {
            Tool asks = new Send(sent) {
                @Override
                public ToolOutput call(ToolCall call, ToolContext context) {
                    Conversation seen = decider.resume(context.conversation());
                    if (call.callId().equals("c1")) {
                        assertThat(seen.steer("Twice.")).isTrue();
                    } else {
                        seen.cancel();
                        await().until(context::cancelled);
                    }
                    return super.call(call, context);
                }
            };
            try (AgentLoop runner =
                    AgentLoop.builder().model(model).tools(asks).store(running).build()) {
                Conversation conversation = runner.newConversation();
                assertThat(conversation.run("Send it.")).isInstanceOf(Outcome.Cancelled.class);
                // A message may lie for a while before the run sees it; then it is the next one's.
                assertThat(conversation.run("Go on.").text()).isEqualTo("Done.");
            }
        }
        assertThat(model.lastPrompt().items()).contains(Item.user("Twice."));
    }

    private static String refusal(ThrowingCallable act) {
        StoreException refusal = catchThrowableOfType(StoreException.class, act);
        assertThat(refusal).isNotNull();
        return String.valueOf(refusal.getMessage());
    }
}
