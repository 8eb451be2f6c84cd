package dev.agentloop.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.cli.options.Options;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A command that is printed in several lines is the same command to a shell. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there is no POSIX shell")
class CommandTextTest {
    private static final List<String> WORDS =
            List.of("exec", "--cd", "/home/me/a shop", "--store", "it's here", "--resume", "0193", "call_1");

    @ParameterizedTest
    @ValueSource(ints = {0, 20, 40, 60, 80, 200})
    void command_inLines_isTheSame(int width) throws IOException {
        CommandText command = Options.commandLine("printf '%s\\n'", "exec", WORDS.subList(1, WORDS.size()));
        List<String> lines = command.lines("to go on:", width);
        assertThat(lines).allMatch(line -> width < 40 || line.length() <= width);
        String typed = String.join("\n", lines).replaceFirst("^to go on:", "");
        Process shell = new ProcessBuilder("sh", "-c", typed).start();
        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(String.join("\n", WORDS) + "\n");
    }
}
