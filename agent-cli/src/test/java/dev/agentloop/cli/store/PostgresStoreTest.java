package dev.agentloop.cli.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.cli.Main;
import dev.agentloop.cli.commands.ExitCode;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Conversations in PostgreSQL: in a server of the program's own, and in one that runs already. */
@Tag("once")
class PostgresStoreTest extends AgentTest {
    private static final ScriptedResponse TOUCH =
            ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch made\"}");

    /** Runs a process to its end and gives what it printed. */
    private static String run(ChildJvm process, int exitCode) {
        try (process) {
            assertThat(process.exitCode()).as(process.err()).isEqualTo(exitCode);
            return process.out() + process.err();
        }
    }

    /** Runs the command that a text proposes. */
    private String runProposed(ScriptedServer server, String text, String behind, int exitCode) {
        List<String> words = text.lines()
                .filter(line -> line.strip().startsWith(behind))
                .map(line -> Arrays.asList(
                        line.substring(line.indexOf("./agent ") + 8).split(" ")))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing is proposed in\n" + text));
        return run(ChildJvm.start(Main.class, server.url().toString(), folder, words), exitCode);
    }

    @Test
    void ownServer_keepsConversationsFromProcessToProcess() {
        Map<String, String> environment =
                Map.of("XDG_STATE_HOME", folder.resolve("state").toString());
        try (ScriptedServer server = ScriptedServer.answering(TOUCH, ScriptedResponse.says("Made."))) {
            String asked = run(start(server, "exec", "--store", "postgres", "Make a file"), ExitCode.AWAITING_APPROVAL);
            assertThat(asked).contains("./agent approve --cd " + workspace + " --store postgres ");
            assertThat(runProposed(server, asked, "to approve: ", ExitCode.FINISHED))
                    .startsWith("Made.\n");
            assertThat(workspace.resolve("made")).exists();
            assertThat(look(environment, ExitCode.FINISHED, List.of("log", "--store", "postgres", "last")))
                    .contains("  call_1 approved\n", "    model: Made.\n", ", 2 turns; ");
            Path data = folder.resolve("state/agentloop/postgres");
            try (EmbeddedPostgres other = EmbeddedPostgres.in(data).start()) {
                assertThat(other.isRunning()).isTrue();
                assertThat(look(environment, ExitCode.FAILED, List.of("approvals", "--store", "postgres")))
                        .startsWith("agent: ")
                        .hasLineCount(1)
                        .contains(data.toString());
            }
        }
    }

    @Test
    void otherServer_isReachedWithoutShowingThePassword() {
        try (EmbeddedPostgres database = EmbeddedPostgres.temporary().start();
                ScriptedServer server = ScriptedServer.answering(TOUCH, ScriptedResponse.says("Then not."))) {
            String place = database.jdbcUrl() + "?user=" + database.user();
            String asked = run(
                    start(server, "exec", "--store", place + "&password=" + database.password(), "Make a file"),
                    ExitCode.AWAITING_APPROVAL);
            assertThat(asked).contains(" --store '" + place + "' ").doesNotContain(database.password());
            Map<String, String> environment = Map.of("PGPASSWORD", database.password());
            String open = look(environment, ExitCode.FINISHED, List.of("approvals", "--store", place));
            assertThat(open).contains("call_1 shell_command", " --store '" + place + "' ");
            run(
                    start(server, "deny", "--store", place + "&password=" + database.password(), "last"),
                    ExitCode.FINISHED);
            assertThat(workspace.resolve("made")).doesNotExist();
            assertThat(look(environment, ExitCode.FINISHED, List.of("approvals", "--store", place)))
                    .isEqualTo("no call awaits a decision in " + place + "\n");
            assertThat(look(
                            Map.of("PGPASSWORD", "not-this-one"),
                            ExitCode.FAILED,
                            List.of("log", "--store", place, "last")))
                    .startsWith("agent: cannot open the store: ")
                    .hasLineCount(1)
                    .doesNotContain("not-this-one");
        }
    }

    @Test
    void passwordOfTheStore_isNotSeenByCommands() {
        String place = "jdbc:postgresql://db:5432/agents?user=ada&password=p%40ss-w0rd&sslpassword=0ther-one&ssl=true";
        assertThat(StorePlace.parse(place, Map.of()).secrets())
                .containsExactly("p%40ss-w0rd", "p@ss-w0rd", "0ther-one");
        ScriptedResponse call = ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"env\"}");
        try (EmbeddedPostgres database = EmbeddedPostgres.temporary().start();
                ScriptedServer server = ScriptedServer.answering(call, ScriptedResponse.says("Seen."))) {
            place = database.jdbcUrl() + "?user=" + database.user() + "&password=" + database.password();
            List<String> words = List.of(
                    "exec",
                    "--cd",
                    workspace.toString(),
                    "--store",
                    place,
                    "--sandbox",
                    "full-access",
                    "--approval",
                    "never",
                    "Look");
            Map<String, String> environment = Map.of("COPY", database.password(), "OTHER", "is-seen");
            run(ChildJvm.start(Main.class, server.url().toString(), folder, environment, words), ExitCode.FINISHED);
            assertThat(server.requests().get(1).json())
                    .contains("OTHER=is-seen")
                    .doesNotContain(database.password());
        }
    }

    /** The statement in docs/log.md, as it stands there but for the conversation. */
    private static String documentedDecision(String conversation) throws IOException {
        String page = Files.readString(Path.of("..", "docs", "log.md"));
        int begin = page.indexOf("```sql\nINSERT") + "```sql\n".length();
        String statement = page.substring(begin, page.indexOf("```", begin));
        assertThat(statement).contains("'01a2046d-c84b-7aff-9dd5-4939f4a91025'");
        return statement.replace("01a2046d-c84b-7aff-9dd5-4939f4a91025", conversation);
    }

    @Test
    void decisionByPlainSql_isTakenUpByTheNextRun() throws IOException, SQLException {
        try (EmbeddedPostgres database = EmbeddedPostgres.temporary().start();
                ScriptedServer server = ScriptedServer.answering(TOUCH, ScriptedResponse.says("Made."))) {
            String place = database.jdbcUrl() + "?user=" + database.user() + "&password=" + database.password();
            String asked = run(start(server, "exec", "--store", place, "Make a file"), ExitCode.AWAITING_APPROVAL);
            try (Connection connection = DriverManager.getConnection(place);
                    Statement statement = connection.createStatement()) {
                String decision = documentedDecision(conversation(asked));
                assertThat(statement.executeUpdate(decision)).isEqualTo(1);
                assertThat(statement.executeUpdate(decision))
                        .as("the second one")
                        .isZero();
            }
            assertThat(run(start(server, "deny", "--store", place, "last"), ExitCode.FAILED))
                    .contains("was decided already, and the first decision holds");
            assertThat(run(start(server, "exec", "--store", place, "--resume", "last"), ExitCode.FINISHED))
                    .startsWith("Made.\n");
            assertThat(workspace.resolve("made")).exists();
        }
    }

    @Test
    void twoProcessesAtOnce_oneDecides() {
        try (EmbeddedPostgres database = EmbeddedPostgres.temporary().start();
                ScriptedServer server = ScriptedServer.answering(TOUCH)) {
            String place = database.jdbcUrl() + "?user=" + database.user() + "&password=" + database.password();
            run(start(server, "exec", "--store", place, "Make a file"), ExitCode.AWAITING_APPROVAL);
            try (ChildJvm approving = start(server, "approve", "--store", place, "--no-run", "last");
                    ChildJvm denying = start(server, "deny", "--store", place, "--no-run", "last")) {
                assertThat(List.of(approving.exitCode(), denying.exitCode()))
                        .as(approving.err() + denying.err())
                        .containsExactlyInAnyOrder(ExitCode.FINISHED, ExitCode.FAILED);
                assertThat(approving.err() + denying.err())
                        .containsOnlyOnce("was decided already, and the first decision holds");
            }
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill")
    void conversationThatAnotherProcessRuns_isRefusedAndCanBeRead() {
        String sleep = "{\"command\":\"sleep 60\",\"timeout_ms\":60000}";
        try (EmbeddedPostgres database = EmbeddedPostgres.temporary().start();
                ScriptedServer server =
                        ScriptedServer.answering(ScriptedResponse.calls("call_1", "shell_command", sleep))) {
            String place = database.jdbcUrl() + "?user=" + database.user() + "&password=" + database.password();
            try (ChildJvm sleeping = start(server, "exec", "--store", place, "--sandbox", "full-access", "Sleep")) {
                sleeping.awaitErr("$ sleep 60");
                String refused =
                        run(start(server, "exec", "--store", place, "--resume", "last", "Wake up"), ExitCode.FAILED);
                assertThat(refused)
                        .contains("agent: conversation ", " is being run ")
                        .doesNotContain("\tat ");
                assertThat(look(Map.of(), ExitCode.FINISHED, List.of("log", "--store", place, "last")))
                        .contains("turn 1 has no end: it is under way", "call call_1 was started and has no output\n")
                        .doesNotContain("Wake up");
                sleeping.signal("INT");
                assertThat(sleeping.exitCode()).as(sleeping.err()).isEqualTo(130);
            }
        }
    }

    @Test
    void foreignEntry_isShownAsItIs() {
        String id = "01900000-0000-7000-8000-000000000001";
        try (EmbeddedPostgres database = EmbeddedPostgres.temporary().start()) {
            try (ConversationStore store =
                    PgConversationStore.connect(database.jdbcUrl(), database.user(), database.password())) {
                LogEntry entry = LogEntry.after(
                        LogPosition.START, "response", 0, 0, "no JSON\u0007".getBytes(StandardCharsets.UTF_8));
                store.append(id, LogPosition.START, List.of(entry));
            }
            String place = database.jdbcUrl() + "?user=" + database.user() + "&password=" + database.password();
            assertThat(look(Map.of(), ExitCode.FINISHED, List.of("log", "--store", place, "0190")))
                    .contains("    response, which cannot be read: no JSON\\u0007\n");
            assertThat(look(Map.of(), ExitCode.FINISHED, List.of("log", "--store", place, "--json", "0190")))
                    .endsWith(",\"text\":\"no JSON\\u0007\"}\n");
        }
    }
}
