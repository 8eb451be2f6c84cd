package dev.agentloop.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.cli.Main;
import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Decisions that are made by another process than the one that asked, with conversations in files. */
class ApprovalsCommandTest extends AgentTest {
    private static final ScriptedResponse TWO_CALLS = ScriptedResponse.calls(
                    "call_1", "shell_command", "{\"command\":\"touch one\"}")
            .andCalls("call_2", "shell_command", "{\"command\":\"touch two\"}");

    private String asked(ScriptedServer server) {
        try (ChildJvm agent = start(server, "exec", "Make files")) {
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(ExitCode.AWAITING_APPROVAL);
            return agent.err();
        }
    }

    /** What a program that ended printed: to standard output and then to standard error. */
    private String run(ScriptedServer server, int exitCode, String... words) {
        try (ChildJvm agent =
                start(server, words[0], List.of(words).subList(1, words.length).toArray(String[]::new))) {
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(exitCode);
            return agent.out() + agent.err();
        }
    }

    /** The words of the command that a text proposes behind this. */
    private static List<String> proposed(String text, String behind) {
        return text.lines()
                .filter(line -> line.strip().startsWith(behind))
                .map(line ->
                        List.of(line.substring(line.indexOf("./agent ") + 8).split(" ")))
                .findFirst()
                .orElseThrow(() -> new AssertionError("nothing is proposed in\n" + text));
    }

    @Test
    void proposedCommands_workAsPrinted() {
        try (ScriptedServer server = ScriptedServer.answering(TWO_CALLS, ScriptedResponse.says("One of two."))) {
            String asked = asked(server);
            assertThat(asked).contains("2 tool calls await approval");
            List<String> approve = proposed(asked, "to approve: ");
            try (ChildJvm agent = ChildJvm.start(Main.class, server.url().toString(), folder, approve)) {
                assertThat(agent.exitCode()).as(agent.err()).isEqualTo(ExitCode.AWAITING_APPROVAL);
                assertThat(agent.err()).contains("approved: call_1 $ touch one\n");
            }
            assertThat(workspace.resolve("one")).exists();
            String open = look(ExitCode.FINISHED, "approvals");
            assertThat(open)
                    .contains("conversation " + conversation(asked), "call_2 shell_command", "touch two")
                    .doesNotContain("call_1");
            try (ChildJvm agent = ChildJvm.start(
                    Main.class,
                    server.url().toString(),
                    folder,
                    Stream.concat(proposed(open, "to refuse: ").stream(), Stream.of("--reason", "one is enough"))
                            .toList())) {
                assertThat(agent.exitCode()).as(agent.err()).isZero();
                assertThat(agent.out()).isEqualTo("One of two.\n");
            }
            assertThat(workspace.resolve("two")).doesNotExist();
            assertThat(server.requests()).hasSize(2).allMatch(ScriptedRequest::keepsPrefix);
            assertThat(server.requests().get(1).json()).contains("refused by the user: one is enough");
            assertThat(look(ExitCode.FINISHED, "approvals")).contains("no call awaits a decision in ");
        }
    }

    @Test
    void proposedCommands_fromAnotherFolder_workInTheFolderThatWasAskedAbout() throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch made\"}"),
                        ScriptedResponse.says("Made."));
                ChildJvm asking = ChildJvm.start(
                        Main.class,
                        server.url().toString(),
                        workspace,
                        List.of("exec", "--store", "../kept", "Make"))) {
            assertThat(asking.exitCode()).as(asking.err()).isEqualTo(ExitCode.AWAITING_APPROVAL);
            List<String> approve = proposed(asking.err(), "to approve: ");
            assertThat(approve)
                    .startsWith("approve", "--cd", real(workspace).toString(), "--store", real(folder) + "/kept");
            assertThat(proposed(
                            look(Map.of(), ExitCode.FINISHED, List.of("approvals", "--store", folder + "/kept")),
                            "to approve: "))
                    .startsWith("approve", "--cd", real(workspace).toString(), "--store");
            try (ChildJvm agent = ChildJvm.start(Main.class, server.url().toString(), other, approve)) {
                assertThat(agent.exitCode()).as(agent.err()).isZero();
            }
            assertThat(workspace.resolve("made")).exists();
            assertThat(other.resolve("made")).doesNotExist();
        }
    }

    @Test
    void approvalInAnotherFolder_isRefused_andNamesBoth() throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch made\"}"),
                ScriptedResponse.says("Made."))) {
            String id = conversation(asked(server));
            String refusal = "call call_1 of conversation " + id + " was made for the folder " + workspace
                    + ", and this is " + other + ": give --cd " + workspace + ";";
            List<List<String>> attempts = List.of(
                    List.of("approve", id),
                    List.of("approve", "--no-run", id),
                    List.of("exec", "--resume", id),
                    List.of("exec", "--resume", id, "--approve", "call_1"),
                    List.of("chat", "--resume", id));
            for (List<String> words : attempts) {
                assertThat(inFolder(server, other, ExitCode.USAGE, words)).contains(refusal);
            }
            assertThat(run(server, ExitCode.FINISHED, "approve", "--no-run", id))
                    .contains("approved: ");
            assertThat(inFolder(server, other, ExitCode.USAGE, List.of("exec", "--resume", id)))
                    .contains(refusal);
            assertThat(other.resolve("made")).doesNotExist();
            assertThat(run(server, ExitCode.FINISHED, "exec", "--resume", id)).contains("Made.");
            assertThat(workspace.resolve("made")).exists();
            assertThat(inFolder(server, other, ExitCode.FAILED, List.of("exec", "--resume", id, "More")))
                    .doesNotContain("was made for the folder");
        }
    }

    @Test
    void always_asPrinted_letsWhatBeginsSoRunUnasked() {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch one\"}"),
                ScriptedResponse.calls("call_2", "shell_command", "{\"command\":\"touch one two\"}"),
                ScriptedResponse.says("Made two."),
                ScriptedResponse.calls("call_3", "shell_command", "{\"command\":\"touch two\"}"))) {
            String asked = asked(server);
            String rule = "commands in " + real(workspace) + " that begin with: touch one";
            assertThat(asked).contains("    always allows " + rule + "\n");
            try (ChildJvm agent =
                    ChildJvm.start(Main.class, server.url().toString(), folder, proposed(asked, "or always: "))) {
                assertThat(agent.exitCode()).as(agent.err()).isZero();
                assertThat(agent.err()).contains("always allowed in this conversation: " + rule + "\n");
            }
            assertThat(workspace.resolve("two")).exists();
            assertThat(look(ExitCode.FINISHED, "log", "last")).contains("        always allowed: " + rule + "\n");
            assertThat(run(server, ExitCode.AWAITING_APPROVAL, "exec", "--resume", "last", "More"))
                    .contains("$ touch two");
        }
    }

    @Test
    void always_withTooFewWords_isRefused_andNothingIsDecided() {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"bash -c 'touch one'\"}"),
                ScriptedResponse.says("Not made."))) {
            String id = conversation(asked(server));
            assertThat(run(server, ExitCode.USAGE, "approve", "--no-run", "--always", id))
                    .contains(
                            "--always: nothing can be proposed for always here: this is not one command of plain words");
            assertThat(run(server, ExitCode.USAGE, "approve", "--no-run", "--always=bash", id))
                    .contains(
                            "--always: a prefix must say what is run, but this one begins with bash, which runs whatever"
                                    + " it is given; name the script too, such as: bash FILE");
            assertThat(run(server, ExitCode.USAGE, "approve", "--no-run", "--always=touch one", id))
                    .contains(
                            "--always: this command would not be allowed by \"touch one\": each of its parts has to begin"
                                    + " so, or to be known to only read");
            assertThat(run(server, ExitCode.USAGE, "deny", "--always", id)).contains("--always belongs to approve");
            assertThat(look(ExitCode.FINISHED, "approvals"))
                    .contains("call_1")
                    .doesNotContain("was decided", "or always:");
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "links need rights there")
    void approvedCommand_whoseFolderIsAnotherOneByThen_isNotRun() throws IOException {
        Path read = Files.createDirectory(folder.resolve("read"));
        Path other = Files.createDirectory(folder.resolve("other"));
        Files.createSymbolicLink(workspace.resolve("build"), read);
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "shell_command", "{\"workdir\":\"build\",\"command\":\"touch made\"}"),
                ScriptedResponse.says("Then not."))) {
            String id = conversation(asked(server));
            assertThat(run(server, ExitCode.FINISHED, "approve", "--no-run", id))
                    .contains("approved: ");
            Files.delete(workspace.resolve("build"));
            Files.createSymbolicLink(workspace.resolve("build"), other);

            run(server, ExitCode.FINISHED, "exec", "--resume", id);

            assertThat(server.requests().get(1).json())
                    .contains(
                            "not run: it was approved for " + real(read) + ", and would take effect in " + real(other));
            assertThat(read.resolve("made")).doesNotExist();
            assertThat(other.resolve("made")).doesNotExist();
        }
    }

    @Test
    void refusalInAnotherFolder_isTaken() throws IOException {
        Path other = Files.createDirectory(folder.resolve("other"));
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch made\"}"),
                ScriptedResponse.says("Then not."))) {
            String id = conversation(asked(server));
            assertThat(inFolder(server, other, ExitCode.FINISHED, List.of("deny", id)))
                    .contains("Then not.");
        }
    }

    private String inFolder(ScriptedServer server, Path other, int exitCode, List<String> words) {
        List<String> all = new ArrayList<>(words);
        all.addAll(1, List.of("--cd", other.toString()));
        return run(server, exitCode, all.toArray(String[]::new));
    }

    @Test
    void severalCalls_oneMustBeNamed() {
        try (ScriptedServer server = ScriptedServer.answering(TWO_CALLS)) {
            String id = conversation(asked(server));
            assertThat(run(server, ExitCode.USAGE, "approve", "last"))
                    .contains("several calls of conversation " + id + " await a decision: call_1, call_2; say which");
            assertThat(run(server, ExitCode.USAGE, "approve", id, "call_3"))
                    .contains("no call call_3 of conversation " + id + " awaits a decision; these do: call_1, call_2");
        }
    }

    @Test
    void decidedWithoutARun_holdsAndIsTakenUpByTheNextRun() {
        try (ScriptedServer server = ScriptedServer.answering(TWO_CALLS, ScriptedResponse.says("Made one."))) {
            String id = conversation(asked(server));
            String denied = run(server, ExitCode.FINISHED, "deny", "--no-run", "--reason", "not this", id, "call_2");
            assertThat(denied).contains("refused: call_2 $ touch two\n", "to go on: ./agent exec --cd ");
            assertThat(run(server, ExitCode.FAILED, "approve", "--no-run", id, "call_2"))
                    .contains("agent: call call_2 of conversation " + id
                            + " was decided already, and the first decision holds\n");
            assertThat(look(ExitCode.FINISHED, "approvals"))
                    .contains("call_1 shell_command", "call_2 was decided, but no run has taken that up; to go on: ");
            assertThat(run(server, ExitCode.FINISHED, "approve", id)).contains("approved: call_1", "Made one.");
            assertThat(workspace.resolve("one")).exists();
            assertThat(workspace.resolve("two")).doesNotExist();
            assertThat(server.requests().get(1).json()).contains("refused by the user: not this");
            assertThat(run(server, ExitCode.USAGE, "deny", id)).contains("awaits a decision; none does");
        }
    }

    @Test
    void twoProcessesAtOnce_oneDecides() {
        try (ScriptedServer server = ScriptedServer.answering(
                ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch one\"}")); ) {
            String id = conversation(asked(server));
            try (ChildJvm approving = start(server, "approve", "--no-run", id);
                    ChildJvm denying = start(server, "deny", "--no-run", id)) {
                assertThat(List.of(approving.exitCode(), denying.exitCode()))
                        .as(approving.err() + denying.err())
                        .containsExactlyInAnyOrder(ExitCode.FINISHED, ExitCode.FAILED);
                assertThat(approving.err() + denying.err())
                        .containsOnlyOnce("was decided already, and the first decision holds");
            }
        }
    }
}
