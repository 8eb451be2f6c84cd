package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.tools.internal.shell.ProcessRun;
import dev.agentloop.tools.internal.shell.ShellProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineTest {

    @Test
    void parse_splitsCommandsAndWords() {
        CommandLine line = CommandLine.parse("cd 'a b' && cat x\\ y \"z'\" | wc -l; pwd\n");

        assertThat(line.plain()).isTrue();
        assertThat(line.commands())
                .containsExactly(
                        List.of("cd", "a b"), List.of("cat", "x y", "z'"), List.of("wc", "-l"), List.of("pwd"));
        assertThat(line.joints()).containsExactly("&&", "|", ";");
    }

    @Test
    void parse_ofNothing_isNotPlain() {
        assertThat(CommandLine.parse("").plain()).isFalse();
        assertThat(CommandLine.parse(" \n # only a comment").plain()).isFalse();
    }

    @Test
    void parse_keepsEmptyWords() {
        assertThat(CommandLine.parse("echo '' \"\" ''x").commands()).containsExactly(List.of("echo", "", "", "x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/bin/bash", "/bin/sh"})
    @DisabledOnOs(OS.WINDOWS)
    void parse_ofAPlainLine_givesTheWordsThatTheShellGives(String shell) throws IOException {
        long seed = Long.getLong("agentloop.fuzz.seed", System.nanoTime());
        Random random = new Random(seed);
        List<String> pieces = List.of(
                "a", "-b", "=", "'", "\"", "\\", " ", "\t", "\\\n", "'x y'", "\"x y\"", "''", "\"\"", "#", "\\'",
                "\\\"", "!", "%", "^", ",", "]", ":", "@", "+", "/", ".", "é", "'é€'", "\"\\$\"", "\"\\a\"", "'$'",
                "'`'", "\"'\"", "'\"'", "\\ ", "\\\\", "$", "*", "'\n'", "~", "\r");
        List<List<String>> expected = new ArrayList<>();
        List<String> lines = new ArrayList<>();
        while (lines.size() < 1_000) {
            StringBuilder text = new StringBuilder("show ");
            int length = random.nextInt(12);
            for (int i = 0; i < length; i++) {
                text.append(pieces.get(random.nextInt(pieces.size())));
            }
            CommandLine line = CommandLine.parse(text.toString());
            if (line.plain() && line.commands().size() == 1) {
                lines.add(text.toString());
                expected.add(line.commands().get(0));
            }
        }

        List<List<String>> actual = words(shell, lines);

        for (int i = 0; i < lines.size(); i++) {
            assertThat(actual.get(i)).as("seed %d: %s", seed, lines.get(i)).isEqualTo(expected.get(i));
        }
    }

    /** Lets a shell split each line; a word ends in U+0001, a line in U+0002. */
    private static List<List<String>> words(String shell, List<String> lines) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                shell,
                "-c",
                "show() { printf '%s\\001' show \"$@\"; printf '\\002'; }; for c; do eval \"$c\"; done",
                "x"));
        lines.forEach(line -> command.add(ShellProgram.inAscii(line, null)));
        ProcessRun.Request request = new ProcessRun.Request(
                command, Path.of("/"), Map.of("LC_ALL", "C.UTF-8"), Duration.ofMinutes(1), 1 << 22);
        String output = ProcessRun.of(request, () -> false, text -> {}).output();
        List<List<String>> words = new ArrayList<>();
        for (String line : output.split("\u0002")) {
            words.add(List.of(line.substring(0, line.length() - 1).split("\u0001", -1)));
        }
        return words;
    }
}
