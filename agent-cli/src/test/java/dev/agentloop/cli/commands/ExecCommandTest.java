package dev.agentloop.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.agentloop.Item;
import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The command exec as a process, against a scripted server: what it prints where, its exit codes, and going on after. */
class ExecCommandTest extends AgentTest {
    private static final String TOUCH = "{\"command\":\"touch made\"}";

    @Test
    void finished_printsAnswerAloneToStandardOutput() throws IOException {
        Files.writeString(workspace.resolve("notes.txt"), "buy bread");
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("I look.")
                                .andCalls("call_1", "shell_command", "{\"command\":\"cat notes.txt\"}"),
                        ScriptedResponse.says("Bread."));
                ChildJvm agent = start(server, "exec", "What", "to", "buy?")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.out()).isEqualTo("Bread.\n");
            assertThat(agent.err())
                    .contains("step 1\n  I look.\n  $ cat notes.txt\n", "exit 0, ", "step 2", "finished after 2 steps");
            assertThat(server.problems()).isEmpty();
            assertThat(outputs(server.requests().get(1)))
                    .singleElement()
                    .asString()
                    .contains("buy bread");
        }
    }

    private static List<String> outputs(ScriptedRequest request) {
        return request.items().stream()
                .filter(item -> item instanceof Item.Output)
                .map(item -> ((Item.Output) item).text())
                .toList();
    }

    @Test
    void dash_readsTaskFromStandardInput() {
        try (ScriptedServer server = ScriptedServer.answering(ScriptedResponse.says("Read."));
                ChildJvm agent = start(server, "exec", "-")) {
            agent.type("a task of\ntwo lines").endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(server.requests().get(0).items()).last().isEqualTo(Item.user("a task of\ntwo lines"));
        }
    }

    @Test
    void json_printsOneEventALine() throws IOException {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "list_dir", "{\"dir_path\":\".\"}"),
                        ScriptedResponse.says("Empty."));
                ChildJvm agent = start(server, "exec", "--json", "Look around")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            List<String> lines = agent.out().lines().toList();
            assertThat(lines.get(0)).startsWith("{\"type\":\"conversation\",\"conversation\":\"");
            for (String line : lines) {
                assertThat(objects(line)).as(line).isEqualTo(1);
            }
            assertThat(lines)
                    .extracting(line -> line.replaceAll("^\\{\"type\":\"(\\w+)\".*", "$1"))
                    .contains(
                            "run_started",
                            "step_started",
                            "delta",
                            "item_added",
                            "tool_started",
                            "tool_ended",
                            "step_ended")
                    .endsWith("run_ended");
            assertThat(lines.get(lines.size() - 1)).contains("\"outcome\":\"finished\",\"text\":\"Empty.\"");
        }
    }

    private static int objects(String line) throws IOException {
        int objects = 0;
        try (JsonParser json = new JsonFactory().createParser(line)) {
            while (json.nextToken() != null) {
                objects++;
                json.skipChildren();
            }
        }
        return objects;
    }

    @Test
    void maxSteps_exitsWith3AndCanGoOn() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "list_dir", "{\"dir_path\":\".\"}"),
                        ScriptedResponse.says("Done."));
                ChildJvm agent = start(server, "exec", "--max-steps", "1", "Look around")) {
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(3);
            assertThat(agent.out()).isEmpty();
            assertThat(agent.err()).contains("limit of steps was reached (1 of 1)", "to go on: ./agent exec --cd ");
            try (ChildJvm next = start(server, "exec", "--resume", conversation(agent.err()))) {
                assertThat(next.exitCode()).as(next.err()).isZero();
                assertThat(next.out()).isEqualTo("Done.\n");
            }
            assertThat(server.requests()).hasSize(2).allMatch(ScriptedRequest::keepsPrefix);
            assertThat(server.problems()).isEmpty();
        }
    }

    @Test
    void refusedByServer_exitsWith1AndSaysWhatToDo() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedServer.error(401, "invalid_api_key", "Incorrect API key provided: " + ChildJvm.KEY));
                ChildJvm agent = start(server, "exec", "Hello")) {
            assertThat(agent.exitCode()).isEqualTo(1);
            assertThat(agent.out()).isEmpty();
            assertThat(agent.err()).contains("agent: ", "401", "Check the API key", "to try again: ./agent exec");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void noApprover_exitsWith4AndShowsWhatIsAsked() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch \\u001b[2Kmade\"}"));
                ChildJvm agent = start(server, "exec", "Make a file")) {
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(4);
            assertThat(agent.err())
                    .contains(
                            "1 tool call awaits approval",
                            "  call_1 shell_command\n    in " + real(workspace) + "\n    $ touch \\u001b[2Kmade\n")
                    .contains("    to approve: ./agent approve --cd " + workspace + " --store ")
                    .contains("    to refuse:  ./agent deny --cd " + workspace + " --store ")
                    .contains(conversation(agent.err()) + " call_1\n", "; never expires\n")
                    .doesNotContain("\u001b");
            assertThat(workspace.resolve("made")).doesNotExist();
        }
    }

    @Test
    void approved_runsTheCallInAnotherProcess() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", TOUCH), ScriptedResponse.says("Made."));
                ChildJvm asking = start(server, "exec", "Make a file")) {
            assertThat(asking.exitCode()).as(asking.err()).isEqualTo(4);
            String id = conversation(asking.err());
            try (ChildJvm approving = start(server, "exec", "--resume", id, "--approve", "call_1")) {
                assertThat(approving.exitCode()).as(approving.err()).isZero();
                assertThat(approving.out()).isEqualTo("Made.\n");
            }
            assertThat(workspace.resolve("made")).exists();
            assertThat(server.requests()).hasSize(2).allMatch(ScriptedRequest::keepsPrefix);
        }
    }

    @Test
    void denied_tellsTheModelWhy() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", TOUCH), ScriptedResponse.says("Then not."));
                ChildJvm asking = start(server, "exec", "Make a file")) {
            assertThat(asking.exitCode()).as(asking.err()).isEqualTo(4);
            String id = conversation(asking.err());
            try (ChildJvm denying = start(server, "exec", "--resume", id, "--deny", "call_1=use write_file")) {
                assertThat(denying.exitCode()).as(denying.err()).isZero();
            }
            assertThat(workspace.resolve("made")).doesNotExist();
            assertThat(outputs(server.requests().get(1))).containsExactly("refused by the user: use write_file");
        }
    }

    @Test
    void decisionAboutAnotherCall_isAUsageError() {
        try (ScriptedServer server =
                        ScriptedServer.answering(ScriptedResponse.calls("call_1", "shell_command", TOUCH));
                ChildJvm asking = start(server, "exec", "Make a file")) {
            assertThat(asking.exitCode()).as(asking.err()).isEqualTo(4);
            String id = conversation(asking.err());
            try (ChildJvm approving = start(server, "exec", "--resume", id, "--approve", "call_2")) {
                assertThat(approving.exitCode()).isEqualTo(2);
                assertThat(approving.err()).contains("no call call_2", "[call_1]");
            }
        }
    }

    @Test
    void never_refusesWithoutAsking() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", TOUCH), ScriptedResponse.says("I may not."));
                ChildJvm agent = start(server, "exec", "--approval", "never", "Make a file")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(workspace.resolve("made")).doesNotExist();
            assertThat(outputs(server.requests().get(1)))
                    .singleElement()
                    .asString()
                    .contains("nobody is asked");
        }
    }

    @Test
    void fullAccess_runsEverything() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", TOUCH), ScriptedResponse.says("Made."));
                ChildJvm agent = start(server, "exec", "--sandbox=full-access", "Make a file")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(workspace.resolve("made")).exists();
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill")
    void interrupted_exitsWith130AndCanGoOn() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls(
                                "call_1", "shell_command", "{\"command\":\"sleep 60\",\"timeout_ms\":60000}"),
                        ScriptedResponse.says("Awake."));
                ChildJvm agent = start(server, "exec", "--sandbox", "full-access", "Sleep")) {
            agent.awaitErr("$ sleep 60").signal("INT");
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(130);
            assertThat(agent.err()).contains("cancelled", "to go on: ./agent exec --cd ");
            try (ChildJvm next = start(server, "exec", "--resume", conversation(agent.err()))) {
                assertThat(next.exitCode()).as(next.err()).isZero();
                assertThat(next.out()).isEqualTo("Awake.\n");
            }
            assertThat(outputs(server.requests().get(1)))
                    .singleElement()
                    .asString()
                    .contains("aborted by user");
            assertThat(server.requests()).allMatch(ScriptedRequest::keepsPrefix);
            assertThat(server.problems()).isEmpty();
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill")
    void interruptedTwice_endsAtOnceAndCanGoOn() {
        String stubborn = "trap '' INT TERM; echo deaf; sleep 60";
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls(
                                "call_1", "shell_command", "{\"command\":\"" + stubborn + "\",\"timeout_ms\":60000}"),
                        ScriptedResponse.says("Awake."));
                ChildJvm agent = start(server, "exec", "--json", "--sandbox", "full-access", "Sleep")) {
            agent.awaitOut("\"text\":\"deaf").signal("INT").signal("INT");
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(130);
            try (ChildJvm next = start(server, "exec", "--resume", conversation(agent.out()))) {
                assertThat(next.exitCode()).as(next.err()).isZero();
            }
            assertThat(server.problems()).isEmpty();
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill")
    void startedInTheBackground_ignoresCtrlC_butTermCancels() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls(
                                "call_1", "shell_command", "{\"command\":\"sleep 60\",\"timeout_ms\":60000}"),
                        ScriptedResponse.says("Awake."));
                ChildJvm agent = startInBackground(server, "exec", "--sandbox", "full-access", "Sleep")) {
            agent.awaitErr("$ sleep 60").signal("INT").signal("TERM");
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(143);
            assertThat(agent.err()).contains("cancelled", "to go on: ./agent exec --cd ");
            try (ChildJvm next = start(server, "exec", "--resume", conversation(agent.err()))) {
                assertThat(next.exitCode()).as(next.err()).isZero();
            }
            assertThat(server.problems()).isEmpty();
        }
    }

    @Test
    void resumedWithoutModel_keepsTheModel() {
        try (ScriptedServer server =
                        ScriptedServer.answering(ScriptedResponse.says("One."), ScriptedResponse.says("Two."));
                ChildJvm agent = start(server, "exec", "--model", "qwen3-coder", "First")) {
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            try (ChildJvm next = start(server, "exec", "--resume", conversation(agent.err()), "Second")) {
                assertThat(next.exitCode()).as(next.err()).isZero();
            }
            assertThat(server.requests())
                    .allMatch(ScriptedRequest::keepsPrefix)
                    .extracting(ScriptedRequest::model)
                    .containsExactly("qwen3-coder", "qwen3-coder");
        }
    }
}
