package dev.agentloop.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.cli.AgentTest;
import dev.agentloop.cli.ChildJvm;
import dev.agentloop.cli.Main;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How text is shown in a terminal, and that the program knows what is one. */
class TerminalTextTest extends AgentTest {

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x1b, 0x7f, 0x85, 0x9b, 0xad, 0x34f, 0x115f, 0x180e, 0x200b, 0x200d, 0x202e, 0x2028, 0x2029, 0x2065,
                0x2066, 0x2800, 0x3164, 0xd800, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0x1d173, 0xe0001, 0xe0041, 0xe0100
            })
    void unseenCharacters_areShown(int codePoint) {
        String text = "a" + Character.toString(codePoint) + "b";
        assertThat(TerminalText.of(text)).matches("a(\\\\u[0-9a-f]{4}){1,2}b");
        assertThat(TerminalText.line(text)).isEqualTo(TerminalText.of(text));
    }

    @Test
    void letters_stay() {
        String text = "Grüße, 世界, שלום, नमस्ते, 🙂\tfl\nend";
        assertThat(TerminalText.of(text)).isEqualTo(text);
        assertThat(TerminalText.line(text)).isEqualTo(text.replace("\t", "\\t").replace("\n", "\\n"));
        assertThat(TerminalText.cut("🙂🙂🙂", 4)).isEqualTo("🙂…");
    }

    @Test
    void colourOfASymbol_stays_butOnlyOnce_andNowhereElse() {
        assertThat(TerminalText.of("\u26A0\uFE0F no")).isEqualTo("\u26A0\uFE0F no");
        assertThat(TerminalText.of("\u26A0\uFE0F\uFE0F\uFE01")).isEqualTo("\u26A0\uFE0F\\ufe0f\\ufe01");
        assertThat(TerminalText.of("\uFE0F-\uFE0F")).isEqualTo("\\ufe0f-\\ufe0f");
    }

    @Test
    void output_whoseCharactersComeInPieces_isWhole() throws IOException {
        ByteArrayOutputStream shown = new ByteArrayOutputStream();
        try (TerminalOutput terminal = new TerminalOutput(shown, () -> 0)) {
            for (byte b : ("🙂" + Character.toString(0xE0041) + "é").getBytes(StandardCharsets.UTF_8)) {
                terminal.write(b);
            }
        }
        assertThat(shown.toString(StandardCharsets.UTF_8)).isEqualTo("🙂\\udb40\\udc41é");
    }

    @Test
    void lineThatIsWrittenOver_isOneLine_andObeysNothing() throws IOException {
        ByteArrayOutputStream shown = new ByteArrayOutputStream();
        try (TerminalOutput terminal = new TerminalOutput(shown, () -> 24)) {
            terminal.write("asked ".getBytes(StandardCharsets.UTF_8));
            terminal.writeOver("\u001b[2J\nfirst");
            terminal.writeOver("a second one that is longer than the line");
            terminal.write("after\n".getBytes(StandardCharsets.UTF_8));
        }
        assertThat(shown.toString(StandardCharsets.UTF_8))
                .isEqualTo("asked\n  \\u001b[2J\\nfirst\r\u001b[K  a second one that …\nafter\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "it's", "a b", "\u001b[2J %s \\ \u009b", "\u3164", "a\nb", "$(rm) `x` \u202e\""})
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no POSIX shell")
    void word_isTheSameToAShell(String word) throws IOException {
        String quoted = TerminalText.shellWord(word);
        assertThat(TerminalText.line(quoted)).isEqualTo(quoted);
        Process shell = new ProcessBuilder("sh", "-c", "printf %s " + quoted).start();
        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(word);
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "script has other options elsewhere")
    void standardOutput_isATerminal_theAnswerIsShown() throws IOException {
        try (ScriptedServer server = ScriptedServer.answering(ScriptedResponse.says("\u001b]0;T\u0007"))) {
            String command = Stream.of(
                            System.getProperty("java.home") + "/bin/java",
                            "-XX:TieredStopAtLevel=1",
                            "-cp",
                            ChildJvm.classPath(),
                            Main.class.getName(),
                            "exec",
                            "--cd",
                            workspace.toString(),
                            "Hello")
                    .map(TerminalText::shellWord)
                    .collect(Collectors.joining(" "));
            ProcessBuilder script = new ProcessBuilder(List.of("script", "-qec", command, "/dev/null"))
                    .directory(folder.toFile())
                    .redirectErrorStream(true);
            script.environment().put("XDG_STATE_HOME", folder.resolve("state").toString());
            script.environment().put("OPENAI_BASE_URL", server.url().toString());
            Process process = script.start();
            process.getOutputStream().close();
            assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("\\u001b]0;T\\u0007")
                    .doesNotContain("\u001b");
        }
    }
}
