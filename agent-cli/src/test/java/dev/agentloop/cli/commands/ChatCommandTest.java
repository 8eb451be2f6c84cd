package dev.agentloop.cli.commands;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.testkit.ScriptedRequest;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The command chat as a process whose input is typed by the test. */
class ChatCommandTest extends AgentTest {
    private static final ScriptedResponse TOUCH =
            ScriptedResponse.calls("call_1", "shell_command", "{\"command\":\"touch made\"}");

    private static List<String> said(ScriptedRequest request) {
        return request.items().stream()
                .filter(item -> item instanceof Item.Message)
                .map(item -> ((Item.Message) item).text())
                .toList();
    }

    @Test
    void messages_areAnsweredUntilQuit() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("Good morning."), ScriptedResponse.says("Good night."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Hello")
                    .awaitOut("Good morning.\n")
                    .type("")
                    .type("Bye")
                    .awaitOut("Good night.\n")
                    .type("/quit");
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.out()).isEqualTo("Good morning.\nGood night.\n");
            assertThat(agent.err()).contains("to go on: ./agent chat --cd ", " --resume " + conversation(agent.err()));
            assertThat(server.requests()).hasSize(2).allMatch(ScriptedRequest::keepsPrefix);
        }
    }

    @Test
    void text_isShownWhileItComesIn() {
        CountDownLatch seen = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.answering(ScriptedResponse.says("Once upon a time.")
                        .andWaits(seen)
                        .andSays("The end."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("A story").awaitOut("Once upon a time.");
            assertThat(agent.out()).doesNotContain("The end.");
            seen.countDown();
            agent.awaitOut("The end.").endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
        }
    }

    @Test
    void question_isAnsweredAtTheKeyboard() {
        try (ScriptedServer server = ScriptedServer.answering(TOUCH, ScriptedResponse.says("Made."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Make a file")
                    .awaitErr("may it? shell_command")
                    .type("why")
                    .awaitErr("the rights are workspace-write");
            assertThat(workspace.resolve("made")).doesNotExist();
            agent.type("y").awaitOut("Made.").endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(workspace.resolve("made")).exists();
        }
    }

    @Test
    void always_isAnsweredAtTheKeyboard_andNotAskedAgain() {
        try (ScriptedServer server = ScriptedServer.answering(
                        TOUCH,
                        ScriptedResponse.calls("call_2", "shell_command", "{\"command\":\"touch made too\"}"),
                        ScriptedResponse.says("Made."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Make files")
                    .awaitErr("    always allows commands in " + real(workspace) + " that begin with: touch made\n")
                    .awaitErr("  y, a for always, n, n and a reason for the model, or why\n")
                    .type("a env")
                    .awaitErr(
                            "a prefix must say what is run, but this one begins with env, which runs whatever later words")
                    .type("a")
                    .awaitOut("Made.")
                    .endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.err()).containsOnlyOnce("may it?");
            assertThat(workspace.resolve("too")).exists();
        }
    }

    @Test
    void refusal_tellsTheModelWhy() {
        try (ScriptedServer server = ScriptedServer.answering(TOUCH, ScriptedResponse.says("Then not."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Make a file")
                    .awaitErr("may it?")
                    .type("n no new files")
                    .awaitOut("Then not.")
                    .endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(workspace.resolve("made")).doesNotExist();
            assertThat(server.requests().get(1).json()).contains("refused by the user: no new files");
        }
    }

    @Test
    void endOfInput_refusesWhatIsAsked() {
        try (ScriptedServer server = ScriptedServer.answering(TOUCH, ScriptedResponse.says("Then not."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Make a file").awaitErr("may it?").endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(agent.out()).contains("Then not.");
            assertThat(server.requests().get(1).json()).contains("nobody is there to answer");
        }
    }

    @Test
    void typingWhileItWorks_steers() {
        CountDownLatch typed = new CountDownLatch(1);
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("I begin.")
                                .andWaits(typed)
                                .andCalls("call_1", "list_dir", "{\"dir_path\":\".\"}"),
                        ScriptedResponse.says("In French, then."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Write a text").awaitOut("I begin.").type("in French").awaitErr("it is told");
            typed.countDown();
            agent.awaitOut("In French, then.").endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(said(server.requests().get(1))).endsWith("Write a text", "I begin.", "in French");
            assertThat(server.problems()).isEmpty();
        }
    }

    @Test
    void cancel_endsTheRunAndNotTheTalk() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("Endless").andFallsSilent(), ScriptedResponse.says("Here again."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Count")
                    .awaitOut("Endless")
                    .type("/cancel")
                    .awaitErr("cancelled")
                    .type("Still there?");
            agent.awaitOut("Here again.")
                    .type("/nonsense")
                    .awaitErr("there is no command /nonsense")
                    .endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
        }
    }

    @Test
    void enter_goesOnWithWhatWasNotFinished_andOnlyWithThat() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("Endless").andFallsSilent(), ScriptedResponse.says("Here again."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("Count").awaitOut("Endless").type("").type("/cancel").awaitErr("cancelled; Enter goes on\n> ");
            assertThat(server.requests()).hasSize(1);
            agent.type("").awaitOut("Here again.\n").type("").type("/quit");
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            assertThat(server.requests()).hasSize(2);
            assertThat(said(server.requests().get(1))).endsWith("Count");
        }
    }

    @Test
    void resumed_saysWhatWasSaidLast_andWhatIsOpen() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("It is a shop.\nIt sells books."),
                        TOUCH,
                        ScriptedResponse.says("Made."));
                ChildJvm agent = start(server, "chat")) {
            agent.type("What is it?").awaitOut("books.\n").endInput();
            assertThat(agent.exitCode()).as(agent.err()).isZero();
            String id = conversation(agent.err());
            try (ChildJvm asking = start(server, "exec", "--resume", id, "Make a file")) {
                assertThat(asking.exitCode()).as(asking.err()).isEqualTo(4);
                assertThat(asking.err()).as("no person reads along").doesNotContain("you said");
            }
            try (ChildJvm again = start(server, "chat", "--resume", id)) {
                again.awaitErr("  you said: Make a file\n  awaits your decision: $ touch made\n  Enter goes on\n> ")
                        .type("")
                        .awaitErr("may it?")
                        .type("y")
                        .awaitOut("Made.\n")
                        .endInput();
                assertThat(again.exitCode()).as(again.err()).isZero();
            }
            try (ChildJvm last = start(server, "chat", "--resume", id)) {
                last.awaitErr("  you said: Make a file\n  it said:\n    | Made.\n> ")
                        .endInput();
                assertThat(last.exitCode()).as(last.err()).isZero();
            }
            assertThat(workspace.resolve("made")).exists();
        }
    }

    @Test
    void unreachableServer_isWaitedForUntilItIsThere() {
        ScriptedServer gone = ScriptedServer.answering();
        gone.close();
        try (ChildJvm agent = start(gone, "chat", "Anybody there?")) {
            agent.awaitErr("> Anybody there?\n  no connection to ")
                    .awaitErr("it costs nothing to wait until it is there or you press Ctrl-C.\n  try 1 failed, ")
                    .awaitErr("\n  try 2 failed, the next one in 2.0 s\n");
            try (ScriptedServer back = ScriptedServer.builder()
                    .answer(ScriptedResponse.says("Back."))
                    .port(gone.port())
                    .start()) {
                agent.awaitOut("Back.\n").endInput();
                assertThat(agent.exitCode()).as(agent.err()).isZero();
                assertThat(back.requests()).hasSize(1);
            }
            assertThat(agent.err()).containsOnlyOnce("no connection to");
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no kill")
    void interrupt_cancelsARunAndThenTheTalk() {
        try (ScriptedServer server = ScriptedServer.answering(
                        ScriptedResponse.says("Endless").andFallsSilent());
                ChildJvm agent = start(server, "chat")) {
            agent.type("Count").awaitOut("Endless").signal("INT").awaitErr("cancelled; Enter goes on\n> ");
            agent.signal("INT");
            assertThat(agent.exitCode()).as(agent.err()).isEqualTo(130);
        }
    }
}
