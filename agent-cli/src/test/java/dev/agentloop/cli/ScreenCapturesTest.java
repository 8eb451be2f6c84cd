package dev.agentloop.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Usage;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.testkit.ScriptedReply;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a person sees of {@code ./agent} in a terminal, in the situations that everybody comes into. The screens are files of
 * the tests; a change is a difference that somebody reads and accepts with {@code -Dcaptures.accept=true}.
 */
@EnabledIf(
        value = "dev.agentloop.cli.TmuxTerminal#isInstalled",
        disabledReason = "the program tmux is not installed: apt-get install tmux")
class ScreenCapturesTest {
    /** The last line of a question. */
    private static final String ASKED = "  y, .* or why";

    private static final String PATCH = """
            *** Begin Patch
            *** Update File: calc.sh
            @@ add() {
            -  echo $(($1 - $2))
            +  echo $(($1 + $2))
            *** End Patch
            """;

    private static final ScriptedReply BUSY = ScriptedServer.error(
            429, "rate_limit_exceeded", "Rate limit reached for requests: 3 of 3 a minute.", "retry-after-ms: 300");

    private static final ScriptedReply FULL = ScriptedServer.error(
            400, "context_length_exceeded", "Your input exceeds the context window of this model.");

    private Path folder;
    private Path shop;
    private long tokens = 1_900;

    // Of one length each time, so that lines break alike.
    @BeforeEach
    void prepare() throws IOException {
        Random random = new Random();
        while (folder == null) {
            try {
                folder = Files.createDirectory(
                        Path.of("/tmp", String.format(Locale.ROOT, "agent-%06d", random.nextInt(1_000_000))));
            } catch (FileAlreadyExistsException e) {
                // Another one, then.
            }
        }
        shop = Files.createDirectory(folder.resolve("shop"));
        Files.writeString(shop.resolve("AGENTS.md"), "Be brief.\n");
        Files.writeString(shop.resolve("calc.sh"), "add() {\n  echo $(($1 - $2))\n}\n");
        Files.writeString(shop.resolve("test.sh"), """
                . ./calc.sh
                for n in 1 2 3 4 5 6 7 8 9 10; do echo "case $n: ok"; done
                echo "case 11: add 2 2"
                echo "expected 4"
                echo "but was $(add 2 2)"
                exit 1
                """);
        Path program = shop.resolve("agent");
        Files.writeString(
                program,
                "#!/bin/sh\nexec "
                        + TerminalText.shellWord(Path.of(System.getProperty("java.home"), "bin", "java")
                                .toString())
                        + " -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dslf4j.internal.verbosity=ERROR -cp "
                        + TerminalText.shellWord(ChildJvm.classPath()) + " " + Main.class.getName() + " \"$@\"\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    @AfterEach
    void clean() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    // As a provider reports them whose cache works.
    private ScriptedResponse counted(ScriptedResponse response) {
        long before = tokens - tokens % 128;
        long cached = tokens == 1_900 ? 0 : before;
        tokens += 100;
        return response.using(Usage.reported(tokens, cached, 0, 30, 0));
    }

    private ScriptedResponse says(String text) {
        return counted(ScriptedResponse.says(text));
    }

    private ScriptedResponse runs(String command) {
        return counted(ScriptedResponse.calls(
                "call_" + tokens, "shell_command", "{\"command\":\"" + command + "\",\"timeout_ms\":60000}"));
    }

    private ScriptedReply[] script() {
        return new ScriptedReply[] {
            says("This folder has a small calculator in calc.sh and its test in test.sh:\n\n"
                    + "- `add` is meant to give the sum of two numbers, and at present it gives the difference;\n"
                    + "- test.sh tells which case fails."),
            runs("touch made"),
            says("Made."),
            runs("touch other"),
            says("Then not."),
            runs("sh test.sh"),
            says("Case 11 fails."),
            counted(ScriptedResponse.says("I repair it.").andCallsCustom("call_patch", "apply_patch", PATCH)),
            says("Repaired."),
            runs("seq 100000"),
            says("Counted."),
            runs("sleep 60"),
            says("I went on."),
            BUSY,
            BUSY,
            says("Now it works."),
            runs("touch third"),
            says("Not made."),
        };
    }

    /** A terminal, and where in it something was typed last. */
    private static final class Screen {
        private final TmuxTerminal terminal;
        private final int columns;
        private int typedAt;

        Screen(TmuxTerminal terminal, int columns) {
            this.terminal = terminal;
            this.columns = columns;
        }

        void type(String line) {
            typedAt = terminal.lines().size() - 1;
            terminal.type(line);
        }

        /** Types a line, waits until it was asked, and answers. */
        void typeAndAnswer(String line, String answer) {
            type(line);
            terminal.awaitThat(
                    "a question", lines -> lines.get(lines.size() - 1).matches(ASKED));
            type(answer);
        }

        void awaitPrompt(String prompt) {
            terminal.awaitThat(
                    "the prompt " + prompt,
                    lines -> lines.size() - 1 > typedAt
                            && lines.get(lines.size() - 1).equals(prompt));
        }

        void awaitTry(int least) {
            terminal.awaitThat(
                    "it waits after try " + least,
                    lines -> lines.get(lines.size() - 1).matches("  try [" + least + "-9] failed, .*"));
        }

        /** Gives what is shown of an action until the prompt after it. */
        void capture(String name, String prompt, Runnable action) {
            int from = terminal.lines().size() - 1;
            action.run();
            awaitPrompt(prompt);
            List<String> lines = terminal.lines();
            assertThat(lines).as("no line is broken by the terminal").isEqualTo(terminal.joined());
            Capture.compare(name + "-" + columns, lines.subList(from, lines.size() - 1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 110})
    void talk_asAPersonSeesIt(int columns) {
        ScriptedServer.Builder script =
                ScriptedServer.builder().answer(script()).otherwise(request -> FULL);
        ScriptedServer server = script.start();
        Map<String, String> environment = Map.of(
                "HOME", folder.toString(),
                "XDG_STATE_HOME", folder.resolve("state").toString(),
                "OPENAI_BASE_URL", server.url().toString());
        try (TmuxTerminal terminal = new TmuxTerminal(shop, folder, columns, environment)) {
            Screen screen = new Screen(terminal, columns);
            talk(screen);
            resume(screen);
            server.close();
            unreachable(screen, server.port());
        } finally {
            server.close();
        }
    }

    private void talk(Screen screen) {
        screen.capture("01-start", ">", () -> screen.type("./agent chat"));
        screen.capture("02-question", ">", () -> screen.type("What is in this folder?"));
        screen.capture("03-approval", ">", () -> screen.typeAndAnswer("Make a file.", "y"));
        screen.capture("04-refused", ">", () -> screen.typeAndAnswer("Make another file.", "n not in my home"));
        screen.capture("05-failing-command", ">", () -> screen.typeAndAnswer("Run the test.", "y"));
        screen.capture("06-patch", ">", () -> screen.type("Repair it."));
        screen.capture("07-long-output", ">", () -> screen.type("Count to 100000."));
        screen.capture("08-interrupt", ">", () -> {
            screen.typeAndAnswer("Sleep.", "y");
            screen.terminal.awaitLast("  $ sleep 60");
            screen.terminal.press("C-c");
            screen.awaitPrompt(">");
            screen.type("");
        });
        screen.capture("11-rate-limit", ">", () -> screen.type("Are you there?"));
        screen.type("/quit");
        screen.awaitPrompt("$");
    }

    private void resume(Screen screen) {
        screen.capture("09-exec-awaits", "$", () -> screen.type("./agent exec --resume last 'Make a third.'"));
        screen.capture("09-resume", ">", () -> {
            screen.type("./agent chat --resume last");
            screen.awaitPrompt(">");
            screen.typeAndAnswer("", "n");
        });
        screen.capture("12-context-full", ">", () -> screen.type("Go on."));
        screen.capture("13-quit", "$", () -> screen.type("/quit"));
    }

    private void unreachable(Screen screen, int port) {
        screen.capture("10-exec-unreachable", "$", () -> screen.type("./agent exec 'Anybody there?'"));
        screen.capture("10-unreachable", ">", () -> {
            screen.type("./agent chat 'Anybody there?'");
            screen.awaitTry(2);
            List<String> lines = screen.terminal.lines();
            Capture.compare("10-unreachable-waiting-" + screen.columns, lines.subList(lines.size() - 4, lines.size()));
            screen.terminal.press("C-c");
        });
        screen.type("");
        screen.awaitTry(1);
        ScriptedServer.Builder back =
                ScriptedServer.builder().answer(says("I am back.")).port(port);
        try (ScriptedServer server = back.start()) {
            screen.awaitPrompt(">");
            assertThat(server.problems()).isEmpty();
        }
        screen.type("/quit");
        screen.awaitPrompt("$");
    }
}
